// A slide's white cells and what holds of each, in groups by class: no element, no network.

export const UNFAMILIAR = "unfamiliar"; // the class of cells that nobody has named

/** What may change of a cell. */
export function stateOf({ named, given, seen }) {
  return { named, given, seen };
}

/** Whether two states say the same, whoever has said it. */
export function isSame(one, other) {
  return (
    one.named === other.named && one.given === other.given && Boolean(one.seen) === Boolean(other.seen)
  );
}

export class Cells {
  #byId = new Map();
  #groups = new Map();
  #order;

  /** @param {string[]} order ids of classes, as groups stand below each other */
  constructor(order) {
    this.#order = [UNFAMILIAR, ...order];
    this.clear();
  }

  clear() {
    this.#byId.clear();
    this.#groups = new Map(this.#order.map((id) => [id, []]));
  }

  /** Add cells as the server gives them: the least certain first. */
  add(cells) {
    for (const cell of cells) {
      if (this.#byId.has(cell.id)) continue;
      cell.rank = this.#byId.size;
      this.#byId.set(cell.id, cell);
      this.#insert(cell);
    }
  }

  get(id) {
    return this.#byId.get(id);
  }

  get all() {
    return [...this.#byId.values()];
  }

  get size() {
    return this.#byId.size;
  }

  /** Ids of classes, as groups stand below each other; those that nobody can give any more last. */
  get classes() {
    return [...this.#groups.keys()];
  }

  /** The cells of a class, the least certain first. */
  group(id) {
    return this.#groups.get(id) ?? [];
  }

  /** Let a state hold of a cell. */
  hold(cell, state) {
    if (cell.named !== state.named) {
      const group = this.group(cell.named);
      group.splice(place(group, cell), 1);
      Object.assign(cell, state);
      this.#insert(cell);
    } else Object.assign(cell, state);
  }

  /** Cells in reading order. */
  inOrder(isShown) {
    return [...this.#groups.values()].flatMap((group) => group.filter(isShown));
  }

  /** The cell of the same class before which a cell stands. */
  after(cell) {
    const group = this.group(cell.named);
    return group[place(group, cell) + 1];
  }

  #insert(cell) {
    if (!this.#groups.has(cell.named)) this.#groups.set(cell.named, []);
    const group = this.group(cell.named);
    group.splice(place(group, cell), 0, cell);
  }
}

/** Where a cell stands in its group, or would. */
function place(group, { rank }) {
  let [low, high] = [0, group.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (group[middle].rank < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
