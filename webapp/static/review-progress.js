// How far the review is, and what comes next.

import { UNFAMILIAR } from "./review-cells.js";
import { t, tn } from "./text.js";

const find = (id) => document.getElementById(id);

/** Count what is seen, and what nobody has named. */
export function progressOf(cells) {
  const told = { cells: cells.size, seen: 0, unidentified: cells.group(UNFAMILIAR).length };
  for (const cell of cells.all) told.seen += Boolean(cell.seen);
  return told;
}

/** Say it in a line. */
export function progressWords({ cells, seen, unidentified }) {
  const words = t("Seen {seen} of {cells}", { seen, cells });
  if (!unidentified) return words;
  return `${words}, ${tn("{n} unidentified", "{n} unidentified", unidentified)}`;
}

/** Show it, and the next step once all are seen. */
export function showProgress(told, isOpen) {
  find("progress-words").textContent = progressWords(told);
  const bar = find("progress");
  bar.setAttribute("aria-valuemax", told.cells);
  bar.setAttribute("aria-valuenow", told.seen);
  bar.firstElementChild.style.width = `${told.cells ? (100 * told.seen) / told.cells : 0}%`;
  const isSeen = told.cells > 0 && told.seen === told.cells;
  bar.classList.toggle("done", isSeen && !told.unidentified);
  find("next").hidden = !isOpen || !isSeen;
  find("next").classList.toggle("good", !told.unidentified);
  find("next").classList.toggle("doubt", Boolean(told.unidentified));
  find("next").firstElementChild.textContent = told.unidentified
    ? tn(
        "All cells are seen. {n} has no class yet: give it one before you sign.",
        "All cells are seen. {n} have no class yet: give them one before you sign.",
        told.unidentified,
      )
    : t("All cells are seen, each has a class.");
  find("sign").hidden = Boolean(told.unidentified);
  find("show-unidentified").hidden = !told.unidentified;
}
