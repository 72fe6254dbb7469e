// A slide and its cells from the server, page by page.

import { ask } from "./api.js";
import { t } from "./text.js";

const PAGE = 200; // cells

/**
 * Give the white cells of a slide, the least certain first.
 * @param {number} slide its id
 * @yields {object[]} a page of them
 */
export async function* pagesOf(slide) {
  let after = null;
  do {
    const asked = new URLSearchParams({ order: "certainty", limit: PAGE });
    if (after !== null) asked.set("after", after);
    const page = await ask("GET", `/api/v1/slides/${slide}/cells?${asked}`);
    yield page.cells;
    after = page.after;
  } while (after !== null);
}

/** Give a slide as it is now. */
export function slideOf(slide) {
  return ask("GET", `/api/v1/slides/${slide}`);
}

/** Draw what speaks for the model's answer to a cell: a PNG. */
export async function heatMapOf(picture, signal) {
  const cell = await answered(await reached(picture, { signal }));
  const body = new FormData();
  body.append("images", await cell.blob(), "cell.png");
  const drawn = await reached("/api/v1/explain", { method: "POST", body, signal });
  return (await answered(drawn)).blob();
}

async function answered(response) {
  if (!response.ok) throw new Error((await response.json()).error.message);
  return response;
}

async function reached(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(t("HematoVision does not answer: check that it is running"));
  }
}
