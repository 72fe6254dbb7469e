// How far the queue is, and how many cells of each class there are: a click shows one class alone.
// What is unfamiliar is of no class, and counted by itself, as whole fields are.

import { classColor, classIds, classTitle } from "./card.js";
import { percent } from "./format.js";
import { showTally } from "./tally.js";
import { t } from "./text.js";

const UNFAMILIAR = "?"; // no class is called so, nor thus:
const FIELD = "#";
const NOT_READ = "";
const find = (id) => document.getElementById(id);

function classOf({ result, kind }) {
  if (result.error) return NOT_READ;
  if (kind === "field") return FIELD;
  return result.status === "unfamiliar" ? UNFAMILIAR : result.label;
}

export class Summary {
  #items = [];
  #only = null; // the class that is shown alone
  #chips = new Map(
    [...classIds, UNFAMILIAR, FIELD, NOT_READ].map((key) => [key, chip(key, () => this.#toggle(key))]),
  );

  constructor() {
    find("counts").append(...this.#chips.values());
  }

  show(items) {
    this.#items = items;
    const done = items.filter((item) => item.result);
    find("progress").textContent = items.length
      ? t("{done} of {all}", { done: done.length, all: items.length })
      : t("Cleared");
    find("track").style.transform = `scaleX(${items.length ? done.length / items.length : 0})`;
    find("save-csv").disabled = find("save-json").disabled = !done.length;
    this.#count(done);
    this.#filter();
    showTally(items);
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
      find("announcer").textContent = t("Results cleared");
    } else if (done.length > 1) {
      find("announcer").textContent = t("{done} pictures done, {refused} not read", {
        done: done.length,
        refused,
      });
    } else if (refused) {
      find("announcer").textContent = done[0].result.error.message;
    } else {
      find("announcer").textContent = spoken(done[0]);
    }
  }
}

/** An answer as it is read out. */
function spoken({ result, kind }) {
  const { status, source } = result;
  if (kind === "field") return t("Field {source}: {n} white cells", { source, n: result.counts.wbc });
  const title = classTitle(result.label);
  if (status === "unfamiliar") return t("Unfamiliar, nearest {title}, {source}", { title, source });
  const share = percent(result.confidence);
  if (!status) return [title, share, source].join(", ");
  const words = status === "confident" ? t("confident") : t("uncertain");
  return [title, share, words, source].join(", ");
}

/** How a chip is called. */
function chipTitle(key) {
  const titles = { [UNFAMILIAR]: t("Unfamiliar"), [FIELD]: t("Whole fields"), [NOT_READ]: t("Not read") };
  return titles[key] ?? classTitle(key);
}

function chip(key, toggle) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.addEventListener("click", toggle);
  const mark = key === UNFAMILIAR ? sign() : dot(key);
  button.append(mark, chipTitle(key), " ", document.createElement("b"));
  const element = document.createElement("li");
  element.append(button);
  return element;
}

function dot(key) {
  const element = document.createElement("i");
  element.className = { [NOT_READ]: "dot bad", [FIELD]: "dot square" }[key] ?? "dot";
  element.style.backgroundColor = classColor(key);
  return element;
}

function sign() {
  return find("card").content.querySelector(".sign.unfamiliar").cloneNode(true);
}
