// Which cell is looked at, and which are chosen. One tile can be reached by Tab, arrow keys go on
// from there.

export class Choice {
  #gallery;
  #cells;
  #changed;
  #anchor = null;
  #shown = new Set(); // marked tiles

  /**
   * @param {import("./review-gallery.js").Gallery} gallery
   * @param {import("./review-cells.js").Cells} cells
   * @param {() => void} changed
   */
  constructor(gallery, cells, changed) {
    this.#gallery = gallery;
    this.#cells = cells;
    this.#changed = changed;
    this.focused = null; // a cell
    this.chosen = new Set(); // cells
  }

  /** Cells that are shown, in reading order. */
  get order() {
    return this.#cells.inOrder(this.#gallery.isShown);
  }

  /** Chosen cells in reading order. */
  get inOrder() {
    return this.order.filter((cell) => this.chosen.has(cell));
  }

  /** Look at a cell, and choose it alone. */
  at(cell, { focuses = true } = {}) {
    this.#anchor = cell;
    this.chosen = new Set(cell ? [cell] : []);
    this.#look(cell, focuses);
  }

  /** Look at a cell, and choose all from where the choice began. */
  upTo(cell) {
    const order = this.order;
    const ends = [order.indexOf(this.#anchor ?? cell), order.indexOf(cell)].sort((a, b) => a - b);
    this.chosen = new Set(order.slice(Math.max(0, ends[0]), ends[1] + 1));
    this.#look(cell, true);
  }

  /** Choose a cell too, or no longer. */
  toggle(cell) {
    if (!this.chosen.delete(cell)) this.chosen.add(cell);
    this.#anchor = cell;
    this.#look(cell, true);
  }

  /** Choose all shown cells of the class of the one that is looked at. */
  whole() {
    if (!this.focused) return;
    this.chosen = new Set(this.#cells.group(this.focused.named).filter(this.#gallery.isShown));
    this.#look(this.focused, true);
  }

  /** Go in the direction of an arrow key, or to an end. */
  move(key, extends_) {
    const order = this.order;
    const from = order.indexOf(this.focused);
    if (!order.length) return;
    const to = from < 0 ? order[0] : this.#target(key, order, from);
    if (extends_) this.upTo(to);
    else this.at(to);
  }

  #target(key, order, from) {
    const last = order.length - 1;
    if (key === "ArrowLeft") return order[Math.max(0, from - 1)];
    if (key === "ArrowRight") return order[Math.min(last, from + 1)];
    if (key === "Home") return order[0];
    if (key === "End") return order[last];
    return this.#row(order[from], key === "ArrowDown" ? 1 : -1) ?? order[from];
  }

  /** The cell above or below, also of another section. */
  #row(cell, step) {
    const { columns } = this.#gallery;
    const group = this.#cells.group(cell.named).filter(this.#gallery.isShown);
    const from = group.indexOf(cell);
    const [row, column] = [Math.floor(from / columns), from % columns];
    const last = Math.floor((group.length - 1) / columns);
    const to = row + step;
    if (to >= 0 && to <= last) return group[Math.min(group.length - 1, to * columns + column)];
    const sections = this.#cells.classes
      .map((id) => this.#cells.group(id).filter(this.#gallery.isShown))
      .filter((cells) => cells.length);
    const here = sections.findIndex((cells) => cells[0].named === cell.named);
    const other = sections[here + step];
    if (!other) return null;
    const start = step > 0 ? 0 : Math.floor((other.length - 1) / columns) * columns;
    return other[Math.min(other.length - 1, start + column)];
  }

  #look(cell, focuses) {
    if (this.focused) this.#gallery.tile(this.focused.id)?.setAttribute("tabindex", "-1");
    this.focused = cell;
    const tile = cell && this.#gallery.tile(cell.id);
    if (tile) {
      tile.tabIndex = 0;
      if (focuses) {
        tile.focus({ preventScroll: true });
        tile.scrollIntoView({ block: "nearest", behavior: "instant" });
      }
    }
    this.#mark();
    this.#changed();
  }

  #mark() {
    for (const tile of this.#shown) tile.setAttribute("aria-selected", "false");
    this.#shown = new Set([...this.chosen].map((cell) => this.#gallery.tile(cell.id)));
    for (const tile of this.#shown) tile.setAttribute("aria-selected", "true");
  }
}
