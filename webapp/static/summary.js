// How far the queue is, and how many cells of each class there are: a click shows one class alone.
// What is unfamiliar is of no class, and counted by itself.

import { classIds } from "./card.js";
import { percent } from "./format.js";

const UNFAMILIAR = "?"; // no class is called so
const NOT_READ = "";
const find = (id) => document.getElementById(id);

function classOf({ result }) {
  if (result.error) return NOT_READ;
  return result.status === "unfamiliar" ? UNFAMILIAR : result.label;
}

export class Summary {
  #items = [];
  #only = null; // the class that is shown alone
  #chips = new Map(
    [...classIds, UNFAMILIAR, NOT_READ].map((key) => [key, chip(key, () => this.#toggle(key))]),
  );

  constructor() {
    find("counts").append(...this.#chips.values());
  }

  show(items) {
    this.#items = items;
    const done = items.filter((item) => item.result);
    find("progress").textContent = items.length ? `${done.length} of ${items.length}` : "Cleared";
    find("track").style.transform = `scaleX(${items.length ? done.length / items.length : 0})`;
    find("save-csv").disabled = find("save-json").disabled = !done.length;
    this.#count(done);
    this.#filter();
    if (done.length === items.length) this.#announce(done);
  }

  /** Show every class. */
  showAll() {
    this.#only = null;
  }

  #toggle(key) {
    this.#only = this.#only === key ? null : key;
    this.#filter();
  }

  #filter() {
    for (const [key, { firstChild }] of this.#chips) {
      firstChild.setAttribute("aria-pressed", String(key === this.#only));
    }
    for (const item of this.#items) {
      item.card.element.hidden =
        this.#only !== null && Boolean(item.result) && classOf(item) !== this.#only;
    }
  }

  #count(done) {
    const classes = done.map(classOf);
    for (const [key, element] of this.#chips) {
      const count = classes.filter((found) => found === key).length;
      element.hidden = !count;
      element.querySelector("b").textContent = count;
    }
  }

  #announce(done) {
    const refused = done.filter((item) => item.result.error).length;
    if (!done.length) {
      find("announcer").textContent = "Results cleared";
    } else if (done.length > 1) {
      find("announcer").textContent = `${done.length} pictures done, ${refused} not read`;
    } else if (refused) {
      find("announcer").textContent = done[0].result.error.message;
    } else {
      find("announcer").textContent = spoken(done[0].result);
    }
  }
}

/** An answer as it is read out. */
function spoken(result) {
  const { title } = look(result.label);
  const { status, source } = result;
  if (status === "unfamiliar") return `Unfamiliar, nearest ${title}, ${source}`;
  return [title, percent(result.confidence), ...(status ? [status] : []), source].join(", ");
}

/** How a class is called and drawn, taken from the server's empty card. */
function look(key) {
  const row = find("card").content.querySelector(`.bars li[data-class="${key}"]`);
  if (key === UNFAMILIAR) return { title: "Unfamiliar", color: "" };
  if (!row) return { title: "Not read", color: "" };
  return {
    title: row.querySelector(".name").textContent,
    color: row.querySelector("rect").getAttribute("fill"),
  };
}

function chip(key, toggle) {
  const { title, color } = look(key);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.addEventListener("click", toggle);
  const mark = key === UNFAMILIAR ? sign() : dot(color);
  button.append(mark, title, " ", document.createElement("b"));
  const element = document.createElement("li");
  element.append(button);
  return element;
}

function dot(color) {
  const element = document.createElement("i");
  element.className = color ? "dot" : "dot bad";
  element.style.backgroundColor = color;
  return element;
}

function sign() {
  return find("card").content.querySelector(".sign.unfamiliar").cloneNode(true);
}
