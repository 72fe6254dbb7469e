// The cells of a field as boxes in an SVG: a kind is told by line, letter and color, and a white
// cell is a button.

import { classTitle } from "./card.js";
import { percent } from "./format.js";
import { t } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTERS = { wbc: "", rbc: "R", platelet: "P" };

/**
 * @param {SVGGElement} group is emptied first
 * @param {object[]} cells of a field's answer
 * @param {(cell: object) => void} choose a white cell
 */
export function drawBoxes(group, cells, choose) {
  // White cells come last, so that they lie on top and are met in the order of their numbers.
  const white = cells.filter((cell) => cell.classification);
  const others = cells.filter((cell) => !cell.classification);
  group.replaceChildren(
    ...others.map((cell) => box(cell)),
    ...white.map((cell, index) => button(cell, index + 1, choose)),
  );
}

/** What a white cell is called in its box; a title that a person gave goes before the model's. */
export function cellName({ classification, title }) {
  if (title) return title;
  return classification.status === "unfamiliar"
    ? t("Unfamiliar")
    : classTitle(classification.label);
}

/** A white cell in words; the model's share stands beside the model's name only. */
export function cellWords(cell) {
  const { number, title, classification } = cell;
  const values = { number, name: cellName(cell), share: percent(classification.confidence) };
  return title
    ? t("White cell {number}: {name}", values)
    : t("White cell {number}: {name}, {share}", values);
}

function box({ kind, box: [x0, y0, x1, y1] }, words = LETTERS[kind]) {
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", `cell-box ${kind}`);
  const frame = document.createElementNS(SVG, "rect");
  const sides = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
  for (const [name, value] of Object.entries(sides)) frame.setAttribute(name, value);
  const letter = document.createElementNS(SVG, "text");
  letter.setAttribute("x", x0);
  letter.setAttribute("y", y0);
  // Above the box, or inside of one that lies at the upper edge.
  letter.setAttribute("dy", kind === "wbc" && y0 > 24 ? "-0.4em" : "1.1em");
  letter.setAttribute("dx", kind === "wbc" && y0 > 24 ? "0" : "0.25em");
  letter.textContent = words;
  group.append(frame, letter);
  return group;
}

function button(cell, number, choose) {
  const name = cellName(cell);
  const group = box(cell, `${number} ${name}`);
  const { status } = cell.classification;
  if (status) group.dataset.status = status;
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  group.setAttribute("aria-pressed", "false");
  group.setAttribute("aria-label", cellWords({ ...cell, number }));
  const press = () => {
    for (const other of group.parentNode.querySelectorAll("[role=button]")) {
      other.setAttribute("aria-pressed", String(other === group));
    }
    choose({ ...cell, number });
  };
  group.addEventListener("click", press);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  });
  return group;
}
