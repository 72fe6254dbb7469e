// The picture with its boxes, and the words that lie over it.

import { drawBoxes } from "./boxes.js";
import { cellName, reasonWords } from "./field-words.js";
import { t } from "./text.js";

const LETTER_PX = 13; // on the screen
const NO_FIELD = { width: 1, height: 1, cells: [] };
const STATES = {
  closed: t("Closed"),
  opening: t("Opening"),
  open: t("Live"),
  paused: t("Paused"),
  lost: t("Lost"),
  ended: t("Ended"),
};

export class Scope {
  #element;
  #titles;
  #boxes;
  #look = null;
  #state = { state: "closed", message: "" };
  #hasPicture = false;

  /**
   * @param {HTMLElement} element
   * @param {{id: string, title: string, color: string}[]} classes
   */
  constructor(element, classes) {
    this.#element = element;
    this.#titles = new Map(classes.map(({ id, title }) => [id, title]));
    this.canvas = element.querySelector("canvas");
    this.#boxes = element.querySelector("svg");
    new ResizeObserver(() => this.#redraw()).observe(element);
  }

  pictureCame() {
    if (this.#hasPicture) return;
    this.#hasPicture = true;
    this.tell(this.#state);
  }

  /** Nothing is seen any more. */
  clear() {
    this.#hasPicture = false;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.show(null, null);
  }

  /** @param {object | null} look the newest @param {object | null} problem why none finds cells */
  show(look, problem) {
    this.#look = look;
    this.#redraw();
    this.#rates();
    const result = look?.result;
    const reasons = result?.quality?.reasons.map(reasonWords) ?? [];
    this.hint(result?.error?.message ?? problem?.message ?? reasons.join(" "));
  }

  /** Say something that matters under the picture, or nothing. */
  hint(words) {
    const hint = document.getElementById("hint");
    hint.hidden = !words;
    hint.textContent = words ?? "";
  }

  /** @param {{state: string, message: string}} state */
  tell(state) {
    this.#state = state;
    const isOver = state.state === "open" || state.state === "paused";
    this.#element.dataset.state = state.state;
    document.getElementById("state-word").textContent = STATES[state.state];
    document.getElementById("reason").textContent = state.message;
    document.getElementById("words").hidden = isOver && this.#hasPicture;
    this.#rates();
    this.#redraw();
  }

  /** @returns {boolean} whether boxes are shown now */
  toggleBoxes() {
    this.#boxes.toggleAttribute("hidden");
    return !this.#boxes.hasAttribute("hidden");
  }

  flash() {
    const flash = document.getElementById("flash");
    flash.getAnimations().forEach((animation) => animation.cancel());
    flash.animate([{ opacity: 0.75 }, { opacity: 0 }], { duration: 260, easing: "ease-out" });
  }

  #rates() {
    const { state } = this.#state;
    const rates = document.getElementById("rates");
    rates.textContent =
      this.#look?.given_per_s && state === "open"
        ? t("{given} pictures/s, {looked} looked at", {
            given: this.#look.given_per_s.toFixed(0),
            looked: this.#look.looked_per_s.toFixed(1),
          })
        : "";
  }

  /** Boxes belong to a picture: none stay over one that is lost. */
  #redraw() {
    const shows = ["open", "paused"].includes(this.#state.state) && this.#hasPicture;
    const field = shows && this.#look?.result?.cells ? this.#look.result : NO_FIELD;
    const { width, height } = field;
    this.#boxes.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const room = this.#boxes.getBoundingClientRect();
    const perPx = room.width && room.height ? Math.max(width / room.width, height / room.height) : 1;
    this.#boxes.style.fontSize = `${LETTER_PX * perPx}px`;
    const titleOf = (id) => this.#titles.get(id) ?? id;
    drawBoxes(this.#boxes, field, (cell) => cellName(cell, titleOf));
  }
}
