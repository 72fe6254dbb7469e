// One picture and what is known of it. The markup is the server's, see _card.html.

import { percent } from "./format.js";

const template = document.getElementById("card");

/** Ids of the classes, in the bundle's order. */
export const classIds = [...template.content.querySelectorAll(".bars li")].map(
  (row) => row.dataset.class,
);

const PASSING = ["unreachable", "busy"]; // problems that may be gone at the next try

export class Card {
  #url;

  /**
   * @param {{name: string, file?: Blob, url?: string, drawn?: string}} picture previewed from its
   *   file or address, if it has one; `drawn` says what a drawing shows
   * @param {() => void} tryAgain
   */
  constructor({ name, file, url, drawn }, tryAgain) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#find(".source .name").textContent = name;
    this.#find(".source .name").title = name;
    this.#find(".drawing").hidden = !drawn;
    this.#find(".drawing").textContent = drawn ?? "";
    this.#find(".again").addEventListener("click", tryAgain);
    this.#find(".no-preview b").textContent = /\.(\w{1,5})$/.exec(name)?.[1] ?? "";
    if (file) this.#url = URL.createObjectURL(file);
    if (file || url) this.#preview(this.#url ?? url, name);
  }

  #preview(url, name) {
    const preview = this.#find(".preview img");
    preview.alt = `Picture ${name}`;
    preview.addEventListener("load", () => {
      preview.hidden = false;
    });
    preview.src = url; // a kind that browsers cannot show, TIFF, leaves the placeholder
  }

  /** Show a result of the API, an answer or a refusal. */
  show(result) {
    this.#find(".bars").hidden = Boolean(result.error);
    this.#find(".problem").hidden = !result.error;
    this.#find(".again").hidden = !PASSING.includes(result.error?.code);
    this.element.dataset.state = result.error ? "refused" : "answered";
    if (result.error) this.#refuse(result.error);
    else this.#answer(result);
  }

  /** Wait for another answer. */
  wait() {
    this.element.dataset.state = "waiting";
    this.#find(".title").textContent = "Waiting…";
    this.#find(".problem").hidden = this.#find(".again").hidden = true;
    this.#find(".bars").hidden = false;
    const preview = this.#find(".preview img");
    if (preview.hidden && preview.src) preview.src = preview.src; // a drawing that had not come
  }

  remove() {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.element.remove();
  }

  #answer(result) {
    for (const row of this.element.querySelectorAll(".bars li")) {
      const share = result.probabilities[row.dataset.class];
      row.classList.toggle("best", row.dataset.class === result.label);
      row.querySelector("rect").style.transform = `scaleX(${share})`;
      row.querySelector(".share").textContent = percent(share);
    }
    const best = this.#find(".best");
    this.#find(".title").textContent = best.querySelector(".name").textContent;
    this.#find(".dot").style.backgroundColor = best.querySelector("rect").getAttribute("fill");
    this.#find(".confidence").textContent = percent(result.confidence);
    this.#find(".facts").textContent =
      `${result.width} × ${result.height} · ${result.ms.total.toFixed(1)} ms`;
  }

  #refuse(problem) {
    this.#find(".title").textContent = "Not read";
    this.#find(".problem").textContent = problem.message;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}
