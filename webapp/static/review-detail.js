// The cell that is looked at: enlarged in its field, what the model said, what the person said.

import { Card, classIds } from "./card.js";
import { sizeWords } from "./field-words.js";
import { explain } from "./pictures.js";
import { pictureOf } from "./review-gallery.js";
import { t } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const REST_MS = 120; // a cell that is only passed is not drawn
const SPANS = [1.3, 1.8, 2.5, 3.5, 5, 7, 10]; // of the view, in longer sides of the cell's box
const USUAL = 3;
const SHAPE = 4 / 3; // of the view, as in the style sheet
const MOST_NEIGHBORS = 6;

const find = (id) => document.getElementById(id);

export class Detail {
  #cells;
  #titles;
  #go;
  #cell = null;
  #card;
  #timer;
  #field = null;
  #zoom = USUAL;

  /**
   * @param {import("./review-cells.js").Cells} cells
   * @param {import("./review-titles.js").Titles} titles
   * @param {(cell: object) => void} go looks at another cell
   */
  constructor(cells, titles, go) {
    this.#cells = cells;
    this.#titles = titles;
    this.#go = go;
    find("zoom-in").addEventListener("click", () => this.zoom(1));
    find("zoom-out").addEventListener("click", () => this.zoom(-1));
  }

  /** Show a cell, once it is rested on. */
  show(cell) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(cell), REST_MS);
  }

  /** Closer by a step, or farther. */
  zoom(step) {
    this.#zoom = Math.min(SPANS.length - 1, Math.max(0, this.#zoom - step));
    this.#frame();
  }

  #draw(cell) {
    find("detail-empty").hidden = Boolean(cell);
    find("detail-told").hidden = !cell;
    if (!cell) return;
    this.#say(cell);
    if (cell === this.#cell) return;
    this.#cell = cell;
    find("detail-title").textContent = t("Cell {number}", { number: cell.id });
    this.#model(cell);
    this.#neighbors(cell);
    this.#surround(cell);
  }

  #say(cell) {
    const said = find("person-said");
    const { seen } = cell;
    const values = { person: seen?.by, said: this.#titles.said(cell) };
    said.textContent = seen ? t("{person}: {said}", values) : t("No person has seen it yet.");
    said.classList.toggle("good", Boolean(seen));
  }

  #model(cell) {
    this.#card?.remove();
    this.#card = null;
    if (!classIds.every((id) => id in cell.answer.probabilities)) {
      find("model-said").textContent = this.#titles.model(cell); // another model did
      return;
    }
    const name = t("Cell {number}", { number: cell.id });
    const url = pictureOf(cell);
    const heat = (signal) => explain({ name, url }, Infinity, signal); // a cell's square is small
    this.#card = new Card({ name, url }, { explain: heat });
    this.#card.element.querySelector("h3.label").dataset.said = t("The model says");
    find("model-said").replaceChildren(this.#card.element);
    this.#card.show({ ...cell.answer, source: name }, sizeWords(cell));
  }

  #neighbors(cell) {
    const others = this.#cells.all
      .filter((other) => other.field_id === cell.field_id && other !== cell)
      .slice(0, MOST_NEIGHBORS);
    find("neighbours").replaceChildren(...others.map((other) => this.#neighbor(other)));
  }

  #neighbor(cell) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", this.#titles.whole(cell));
    const picture = new Image(48, 48);
    picture.alt = "";
    picture.src = pictureOf(cell);
    button.append(picture);
    button.addEventListener("click", () => this.#go(cell));
    return button;
  }

  async #surround(cell) {
    const scene = find("surroundings");
    const url = `/api/v1/fields/${cell.field_id}/picture`;
    if (this.#field?.url !== url) {
      const picture = new Image();
      picture.src = url;
      const isKept = await picture.decode().then(() => true, () => false);
      if (cell !== this.#cell) return; // another is looked at by now
      this.#field = { url, isKept };
      const image = scene.querySelector("image");
      image.setAttribute("href", isKept ? url : "");
      image.setAttribute("width", picture.naturalWidth);
      image.setAttribute("height", picture.naturalHeight);
      scene.toggleAttribute("hidden", !isKept);
      find("no-field").hidden = isKept;
    }
    const same = this.#cells.all.filter((other) => other.field_id === cell.field_id);
    scene.querySelector("g").replaceChildren(...same.map((other) => this.#box(other, cell)));
    this.#frame();
  }

  #box(cell, looked) {
    const [x0, y0, x1, y1] = cell.box;
    const frame = document.createElementNS(SVG, "rect");
    const sides = { x: x0, y: y0, width: x1 - x0, height: y1 - y0, rx: (x1 - x0) / 8 };
    for (const [name, value] of Object.entries(sides)) frame.setAttribute(name, value);
    if (cell === looked) frame.setAttribute("class", "looked-at");
    else frame.addEventListener("click", () => this.#go(cell));
    return frame;
  }

  #frame() {
    if (!this.#cell) return;
    const [x0, y0, x1, y1] = this.#cell.box;
    const side = SPANS[this.#zoom] * Math.max(x1 - x0, y1 - y0);
    const height = side / SHAPE;
    const image = find("surroundings").querySelector("image");
    const left = inside((x0 + x1 - side) / 2, side, Number(image.getAttribute("width")));
    const top = inside((y0 + y1 - height) / 2, height, Number(image.getAttribute("height")));
    find("surroundings").setAttribute("viewBox", `${left} ${top} ${side} ${height}`);
  }
}

/** Where a view of a length begins, so that it shows nothing beyond the picture if it can. */
function inside(start, length, whole) {
  if (length >= whole) return (whole - length) / 2;
  return Math.min(Math.max(0, start), whole - length);
}
