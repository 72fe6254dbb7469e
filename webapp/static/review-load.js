// A slide and its cells from the server, page by page.

import { ask } from "./api.js";

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
