// The cells as tiles, a section a class. Tiles are moved, never drawn anew, so that focus and
// pictures stay.

import { percent } from "./format.js";
import { UNFAMILIAR } from "./review-cells.js";
import { t, tn } from "./text.js";

const FILTERS = {
  unseen: (cell) => !cell.seen,
  unidentified: (cell) => cell.named === UNFAMILIAR,
};
const groupTemplate = document.getElementById("group").content.firstElementChild;
const tileTemplate = document.getElementById("tile").content.firstElementChild;
const signs = document.getElementById("signs").content;

export class Gallery {
  #root;
  #cells;
  #titles;
  #tiles = new Map();
  #sections = new Map();
  #only = "";
  #columns = 0;

  /**
   * @param {HTMLElement} root
   * @param {import("./review-cells.js").Cells} cells
   * @param {import("./review-titles.js").Titles} titles
   */
  constructor(root, cells, titles) {
    this.#root = root;
    this.#cells = cells;
    this.#titles = titles;
    new ResizeObserver(() => {
      this.#columns = 0;
    }).observe(root);
  }

  /** Show all cells, or those that the filter leaves. */
  set only(only) {
    this.#only = only;
    for (const cell of this.#cells.all) this.#tiles.get(cell.id).hidden = !this.isShown(cell);
    this.count();
  }

  get only() {
    return this.#only;
  }

  isShown = (cell) => (FILTERS[this.#only] ?? (() => true))(cell);

  clear() {
    this.#tiles.clear();
    this.#sections.clear();
    this.#root.replaceChildren();
  }

  tile(id) {
    return this.#tiles.get(id);
  }

  /** Draw cells that have just come. */
  draw(cells) {
    for (const cell of cells) this.#tiles.set(cell.id, this.#tile(cell));
    for (const cell of [...cells].reverse()) this.#place(cell);
    this.count();
  }

  /** Show what holds of a cell now, where it belongs. */
  update(cell) {
    this.#write(cell);
    const tile = this.#tiles.get(cell.id);
    if (tile.parentNode?.dataset.class !== cell.named) this.#place(cell);
    tile.hidden = !this.isShown(cell);
  }

  /** Mark what the server does not know yet. */
  markUnsaved(ids) {
    for (const tile of this.#root.querySelectorAll("[data-unsaved]")) delete tile.dataset.unsaved;
    for (const id of ids) if (this.#tiles.has(id)) this.#tiles.get(id).dataset.unsaved = "";
  }

  /** Write the counts of all sections; sections without a cell to show are not there. */
  count() {
    for (const [id, section] of this.#sections) {
      const group = this.#cells.group(id);
      const unseen = group.reduce((sum, cell) => sum + !cell.seen, 0);
      section.hidden = !group.some(this.isShown);
      const words = unseen ? tn("{n} unseen", "{n} unseen", unseen) : t("all seen");
      section.querySelector(".of").textContent = `${group.length} · ${words}`;
      const whole = section.querySelector(".whole");
      whole.hidden = !unseen || id === UNFAMILIAR;
      whole.textContent = tn("Confirm {n} unseen", "Confirm {n} unseen", unseen);
    }
  }

  /** Tiles beside each other. */
  get columns() {
    const shown = this.#root.querySelector(".group:not([hidden]) .tiles");
    this.#columns ||= shown ? getComputedStyle(shown).gridTemplateColumns.split(" ").length : 1;
    return this.#columns;
  }

  forgetColumns() {
    this.#columns = 0;
  }

  #section(id) {
    if (this.#sections.has(id)) return this.#sections.get(id);
    const section = groupTemplate.cloneNode(true);
    const list = section.querySelector(".tiles");
    section.dataset.class = list.dataset.class = id;
    section.querySelector(".name").textContent = this.#titles.title(id);
    section.querySelector("circle").setAttribute("fill", this.#titles.color(id));
    list.setAttribute("aria-label", this.#titles.title(id));
    this.#sections.set(id, section);
    const order = this.#cells.classes;
    const after = [...this.#sections]
      .filter(([other]) => order.indexOf(other) > order.indexOf(id))
      .sort(([one], [other]) => order.indexOf(one) - order.indexOf(other))[0];
    this.#root.insertBefore(section, after?.[1] ?? null);
    return section;
  }

  #place(cell) {
    const list = this.#section(cell.named).querySelector(".tiles");
    const next = this.#cells.after(cell);
    const before = next && this.#tiles.get(next.id);
    list.insertBefore(this.#tiles.get(cell.id), before?.parentNode === list ? before : null);
  }

  #tile(cell) {
    const tile = tileTemplate.cloneNode(true);
    tile.dataset.cell = cell.id;
    const picture = tile.querySelector("img");
    picture.addEventListener("error", () => tile.classList.add("no-picture"));
    picture.src = pictureOf(cell);
    this.#tiles.set(cell.id, tile);
    this.#say(cell, tile);
    this.#write(cell);
    tile.hidden = !this.isShown(cell);
    return tile;
  }

  /** What the model said, which never changes. */
  #say({ answer }, tile) {
    const said = tile.querySelector(".by-model");
    if (answer.status) {
      tile.dataset.status = answer.status;
      said.prepend(signs.querySelector(`[data-status=${answer.status}] svg`).cloneNode(true));
    }
    const isStrange = answer.status === UNFAMILIAR;
    const name = isStrange ? t("Unfamiliar") : this.#titles.title(answer.label);
    said.querySelector(".name").textContent = name;
    said.querySelector(".share").textContent = isStrange ? "" : percent(answer.confidence);
  }

  #write(cell) {
    const tile = this.#tiles.get(cell.id);
    const said = tile.querySelector(".by-person");
    said.hidden = !cell.seen;
    said.querySelector(".name").textContent = this.#titles.said(cell);
    tile.toggleAttribute("data-seen", Boolean(cell.seen));
    tile.classList.toggle("other", Boolean(cell.given) && cell.given !== cell.answer.label);
    tile.setAttribute("aria-label", this.#titles.whole(cell));
  }
}

/** Where the picture of a cell is. */
export function pictureOf({ id }) {
  return `/api/v1/cells/${id}/picture`;
}
