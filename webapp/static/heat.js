// The heat map of a picture: fetched when it is first asked for, then shown and hidden.

import { t } from "./text.js";

export class HeatMap {
  #button;
  #figure;
  #explain;
  #words = "";
  #asking; // aborts what is being fetched
  #url;

  /**
   * @param {HTMLElement} card holds the toggle and the place for the map
   * @param {(signal: AbortSignal) => Promise<Blob>} explain
   */
  constructor(card, explain) {
    this.#button = card.querySelector(".heat-toggle");
    this.#figure = card.querySelector(".heat");
    this.#explain = explain;
    this.#button.addEventListener("click", () => this.#toggle());
  }

  /**
   * Say what the map is of, for when it is asked for.
   * @param {string} name of the picture
   * @param {string} words what the colors mean
   */
  describe(name, words) {
    this.#figure.querySelector("img").alt = t("Heat map of {name}", { name });
    this.#words = words;
  }

  /** Give up what is fetched and forget what was. */
  forget() {
    this.#asking?.abort();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#asking = this.#url = undefined;
    this.#figure.querySelector("img").hidden = true;
    this.#press(false);
  }

  #toggle() {
    const isWanted = this.#figure.hidden;
    this.#press(isWanted);
    if (isWanted && !this.#url && !this.#asking) this.#fetch();
  }

  async #fetch() {
    const asking = (this.#asking = new AbortController());
    this.#say(t("Looking closer…"));
    try {
      this.#url = URL.createObjectURL(await this.#explain(asking.signal));
      const map = this.#figure.querySelector("img");
      map.src = this.#url;
      map.hidden = false;
      this.#say(this.#words);
    } catch (problem) {
      if (asking.signal.aborted) return;
      this.#say(problem.message);
    }
    this.#asking = undefined;
  }

  #say(words) {
    this.#figure.querySelector("figcaption").textContent = words;
  }

  #press(isShown) {
    this.#figure.hidden = !isShown;
    this.#button.setAttribute("aria-pressed", String(isShown));
  }
}
