// Cells of a field as boxes over its picture: told apart by line and sign, not by color alone.

import { t } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER_PX = 13; // on the screen
const LETTER_WIDE = 0.64; // of its height, bold, on average
const DOUBT = { unfamiliar: "?", uncertain: "~" };

/**
 * @param {SVGSVGElement} svg lies over the picture, and is fitted as it is
 * @param {object | null} result one field of the JSON contract; null or a refusal draws nothing
 * @param {Map<string, string>} titles of the classes of white cells
 */
export function drawBoxes(svg, result, titles) {
  if (!result?.cells) return svg.replaceChildren();
  const { width, height } = result;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const { width: wide, height: high } = svg.getBoundingClientRect();
  const perPx = wide && high ? Math.max(width / wide, height / high) : 1;
  // White cells last, so that they lie on top.
  const cells = result.cells.filter((cell) => cell.counted).reverse();
  cells.sort((a, b) => (a.kind === "wbc") - (b.kind === "wbc"));
  svg.replaceChildren(...cells.map((cell) => box(cell, titles, perPx, width)));
}

function box({ kind, box: [x0, y0, x1, y1], classification }, titles, perPx, width) {
  const group = element("g", { class: `cell ${kind}` });
  const status = classification?.status;
  if (status) group.dataset.status = status;
  const round = 4 * perPx;
  const shape = { x: x0, y: y0, width: x1 - x0, height: y1 - y0, rx: round };
  group.append(element("rect", { class: "halo", ...shape }), element("rect", shape));
  if (!classification) return group;
  const title = titles.get(classification.label) ?? classification.label;
  const name = status === "unfamiliar" ? t("Unfamiliar") : title;
  const words = `${DOUBT[status] ?? ""} ${name}`.trim();
  const letter = LETTER_PX * perPx;
  const long = words.length * letter * LETTER_WIDE + letter;
  const x = Math.max(0, Math.min(x0, width - long));
  const y = y0 > 1.7 * letter ? y0 - 1.7 * letter : y1 + 0.2 * letter;
  const text = element("text", { x: x + letter / 2, y: y + 1.12 * letter, "font-size": letter });
  text.textContent = words;
  group.append(
    element("rect", { class: "plate", x, y, width: long, height: 1.5 * letter, rx: round }),
    text,
  );
  return group;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
