// The cells of a field as boxes in an SVG: a kind is told by line, letter and color, what the answer
// to a white cell is worth by line and sign. Looks are in boxes.css.

const SVG = "http://www.w3.org/2000/svg";
const LETTERS = { wbc: "", rbc: "R", platelet: "P" };
const DOUBT = { uncertain: "~ " }; // what is unfamiliar is called so
const AT_TOP_PX = 24; // a box above this has no room over it for a name
const RIGHT = 0.75; // of the width: from here on names end with their boxes

/**
 * @param {SVGElement} group is emptied first
 * @param {{width: number, cells: object[]}} field of the JSON contract
 * @param {(cell: object) => string} nameOf what a white cell is called; one that has a `title` was
 *   named by a person
 * @param {{wordsOf: (cell: object) => string, choose: (cell: object) => void}} [buttons] without
 *   them white cells are no buttons, and have no numbers
 */
export function drawBoxes(group, { width, cells }, nameOf, buttons) {
  const counted = cells.filter((cell) => cell.counted);
  // White cells come last, so that they lie on top and are met in the order of their numbers.
  const white = counted.filter((cell) => cell.classification);
  const others = counted.filter((cell) => !cell.classification);
  const named = (cell, number) => {
    const doubt = cell.title ? "" : (DOUBT[cell.classification.status] ?? ""); // a person has none
    return box(cell, `${number}${doubt}${nameOf(cell)}`, width);
  };
  group.replaceChildren(
    ...others.map((cell) => box(cell, LETTERS[cell.kind], width)),
    ...white.map((cell, index) => {
      if (!buttons) return named(cell, "");
      const numbered = { ...cell, number: index + 1 };
      return button(named(cell, `${index + 1} `), numbered, buttons);
    }),
  );
}

function box({ kind, box: [x0, y0, x1, y1], classification }, words, width) {
  const group = element("g", { class: `cell-box ${kind}` });
  if (classification?.status) group.dataset.status = classification.status;
  const isAbove = kind === "wbc" && y0 > AT_TOP_PX;
  const isRight = kind === "wbc" && x0 > RIGHT * width;
  const letter = element("text", {
    x: isRight ? x1 : x0,
    y: y0,
    dx: isAbove ? "0" : isRight ? "-0.25em" : "0.25em",
    dy: isAbove ? "-0.4em" : "1.1em",
    "text-anchor": isRight ? "end" : "start",
  });
  letter.textContent = words;
  group.append(element("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }), letter);
  return group;
}

function button(group, cell, { wordsOf, choose }) {
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  group.setAttribute("aria-pressed", "false");
  group.setAttribute("aria-label", wordsOf(cell));
  const press = () => {
    for (const other of group.parentNode.querySelectorAll("[role=button]")) {
      other.setAttribute("aria-pressed", String(other === group));
    }
    choose(cell);
  };
  group.addEventListener("click", press);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  });
  return group;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
