// Whether pictures are single cells or whole fields: what a person chose, or what they look like.

import { analyze, classify, isTiff, preview } from "./pictures.js";
import { remember, remembered } from "./remembered.js";

const KEY = "hematovision-mode";
const CELL_PX = 520; // a nearly square picture up to this is one cell, cut out
const SQUARE = 1.15; // longer side over shorter
const CELL_UM = 45; // pictures of single cells show 29 to 42 um across, fields 47 and more

/** Show the choice that was made here before, and keep a new one; gives what reads the choice. */
export function offerModes() {
  const radios = [...document.querySelectorAll("input[name=mode]")];
  const known = radios.find((radio) => radio.value === remembered(KEY));
  if (known) known.checked = true;
  for (const radio of radios) radio.addEventListener("change", () => remember(KEY, radio.value));
  return () => radios.find((radio) => radio.checked)?.value ?? "cell";
}

/**
 * Ask what a picture shows.
 * @param {object} item a picture; `wanted` is cell, field or auto
 * @returns {Promise<{kind: "cell"|"field", sent: object}>}
 * @throws {Refused} what the server says instead
 */
export async function look(item, maxBytes, signal) {
  if (item.wanted === "cell" || (item.wanted === "auto" && (await isSmallSquare(item, maxBytes)))) {
    return { kind: "cell", sent: await classify(item, maxBytes, signal) };
  }
  const sent = await analyze(item, maxBytes, signal);
  if (item.wanted === "auto" && isOneCell(sent.results[0])) {
    return { kind: "cell", sent: await classify(item, maxBytes, signal) };
  }
  return { kind: "field", sent };
}

/** What the server found, as one cell: a small view of one white cell at most. */
function isOneCell({ width, height, um_per_px: scale, counts }) {
  const isSquare = Math.max(width, height) < SQUARE * Math.min(width, height);
  if (counts.wbc > 1) return false;
  return isSquare && (scale === null || Math.max(width, height) * scale < CELL_UM);
}

async function isSmallSquare(item, maxBytes) {
  let address = item.url;
  try {
    const file = isTiff(item) ? await preview(item, maxBytes) : item.file;
    if (file) address = URL.createObjectURL(file);
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const { naturalWidth: width, naturalHeight: height } = picture;
    const longer = Math.max(width, height);
    return longer <= CELL_PX && longer < SQUARE * Math.min(width, height);
  } catch {
    return true; // what is no picture at all is refused sooner so
  } finally {
    if (address !== item.url) URL.revokeObjectURL(address);
  }
}
