// Pictures on their way into a slide: one after the other, so that fields are numbered in the order
// in which they were given, each with what becomes of it.

import { PASSING } from "./card.js";
import { listen } from "./intake.js";
import { keepField } from "./pictures.js";
import { Queue } from "./queue.js";
import { t, tn } from "./text.js";

const by = (id) => document.getElementById(id);

export class Arrivals {
  #slide;
  #maxBytes;
  #onAdded;
  #queue = new Queue(1, (item, signal) => this.#send(item, signal));
  #waiting = new Set();
  #given = 0;
  #done = 0;

  /**
   * @param {number} slide its id
   * @param {HTMLFormElement} intake takes the pictures
   * @param {(field: object) => Promise<void>} onAdded
   */
  constructor(slide, intake, onAdded) {
    this.#slide = slide;
    this.#maxBytes = Number(intake.dataset.maxBytes);
    this.#onAdded = onAdded;
    listen(intake, (pictures) => this.#add(pictures));
    by("stop").addEventListener("click", () => this.#stop());
    addEventListener("beforeunload", (event) => this.#waiting.size && event.preventDefault());
  }

  #add(pictures) {
    for (const picture of pictures) {
      const item = { ...picture, line: line(picture.name) };
      item.line.querySelector(".again").addEventListener("click", () => this.#again(item));
      item.line.querySelector(".leave").addEventListener("click", () => this.#leave(item));
      by("arrivals").append(item.line);
      if (item.problem) refuse(item, item.problem);
      else this.#await(item);
    }
    this.#tell();
  }

  #await(item) {
    this.#given += 1;
    this.#waiting.add(item);
    tell(item, "waiting", t("waits"));
    this.#queue.add([item]);
  }

  async #send(item, signal) {
    tell(item, "reading", t("is read …"));
    try {
      const { results } = await keepField(this.#slide, item, this.#maxBytes, signal);
      await this.#onAdded(results[0]);
      item.line.remove();
    } catch (problem) {
      if (signal.aborted) return;
      refuse(item, problem.told ?? { code: "internal", message: problem.message });
    }
    this.#waiting.delete(item);
    this.#done += 1;
    this.#tell();
  }

  #again(item) {
    this.#await(item);
    this.#tell();
  }

  #leave(item) {
    const next = item.line.nextElementSibling ?? item.line.previousElementSibling;
    item.line.remove();
    this.#tell();
    (next?.querySelector(".leave") ?? by("files")).focus();
  }

  #stop() {
    this.#queue.clear();
    for (const item of this.#waiting) item.line.remove();
    this.#waiting.clear();
    this.#tell();
  }

  #tell() {
    by("arriving").hidden = !by("arrivals").children.length;
    by("stop").hidden = !this.#waiting.size;
    const refused = by("arrivals").querySelectorAll("[data-state=refused]").length;
    const words = this.#waiting.size
      ? t("Picture {n} of {all}", { n: this.#done + 1, all: this.#given })
      : tn("{n} picture was not added", "{n} pictures were not added", refused);
    by("arriving-words").textContent = words;
    if (!this.#waiting.size) this.#given = this.#done = 0;
  }
}

function line(name) {
  const element = document.createElement("li");
  const words = document.createElement("p");
  words.append(part("b", name, "name"), " ", part("span", "", "what"));
  words.querySelector(".name").dir = "auto";
  const again = part("button", t("Try again"), "button again");
  const leave = part("button", "×", "leave");
  leave.setAttribute("aria-label", t("Leave out {name}", { name }));
  for (const button of [again, leave]) {
    button.type = "button";
    button.hidden = true;
  }
  element.append(words, again, leave);
  return element;
}

function part(kind, words, look) {
  const element = document.createElement(kind);
  element.textContent = words;
  element.className = look;
  return element;
}

function tell({ line: element }, state, words) {
  element.dataset.state = state;
  element.querySelector(".what").textContent = words;
  for (const button of element.querySelectorAll("button")) button.hidden = true;
}

function refuse(item, { code, message }) {
  tell(item, "refused", message); // which begins with the name
  item.line.querySelector(".again").hidden = !PASSING.includes(code);
  item.line.querySelector(".leave").hidden = false;
}
