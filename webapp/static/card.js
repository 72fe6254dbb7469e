// One picture and what is known of it. The markup is the server's, see _card.html.

import { percent } from "./format.js";
import { HeatMap } from "./heat.js";

const template = document.getElementById("card");

/** Ids of the classes, in the bundle's order. */
export const classIds = [...template.content.querySelectorAll(".bars li")].map(
  (row) => row.dataset.class,
);

const PASSING = ["unreachable", "busy"]; // problems that may be gone at the next try

export class Card {
  #url;
  #heat;

  /**
   * @param {{name: string, file?: Blob, url?: string, drawn?: string}} picture previewed from its
   *   file or address, if it has one; `drawn` says what a drawing shows
   * @param {() => void} tryAgain
   * @param {(signal: AbortSignal) => Promise<Blob>} explain gives the heat map
   */
  constructor({ name, file, url, drawn }, tryAgain, explain) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#heat = new HeatMap(this.element, explain);
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
    delete this.element.dataset.status;
    this.#heat.forget();
    this.#find(".title").textContent = "Waiting…";
    this.#find(".problem").hidden = this.#find(".again").hidden = true;
    this.#find(".bars").hidden = false;
    const preview = this.#find(".preview img");
    if (preview.hidden && preview.src) preview.src = preview.src; // a drawing that had not come
  }

  remove() {
    this.#heat.forget();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.element.remove();
  }

  #answer(result) {
    if (result.status) this.element.dataset.status = result.status;
    for (const row of this.element.querySelectorAll(".bars li")) {
      const share = result.probabilities[row.dataset.class];
      row.classList.toggle("best", row.dataset.class === result.label);
      row.querySelector("rect").style.transform = `scaleX(${share})`;
      row.querySelector(".share").textContent = percent(share);
    }
    const best = this.#find(".best");
    const title = this.#title(result.label);
    const others = result.prediction_set?.slice(1) ?? [];
    this.#find(".title").textContent = title;
    this.#find(".nearest .name").textContent = title.toLowerCase();
    this.#find(".others").hidden = !others.length;
    this.#find(".others .names").textContent = others
      .map((id) => this.#title(id).toLowerCase())
      .join(", ");
    this.#describe(result.status === "unfamiliar" ? null : result.attributes);
    this.#heat.describe(
      result.source,
      `Warm is what speaks for ${title.toLowerCase()}; gray parts were not looked at.`,
    );
    this.#find(".dot").style.backgroundColor = best.querySelector("rect").getAttribute("fill");
    this.#find(".confidence").textContent = percent(result.confidence);
    this.#find(".facts").textContent =
      `${result.width} × ${result.height} · ${result.ms.total.toFixed(1)} ms`;
  }

  /** Tell how the cell looks, in words. */
  #describe(attributes) {
    const list = this.#find(".attributes");
    if (!list) return;
    list.hidden = !attributes;
    for (const line of list.children) {
      const told = attributes?.[line.dataset.attribute];
      line.hidden = !told;
      line.querySelector("b").textContent = told?.value;
      line.querySelector(".share").textContent = told ? percent(told.confidence) : "";
    }
  }

  #title(id) {
    return this.#find(`.bars li[data-class="${id}"] .name`).textContent;
  }

  #refuse(problem) {
    this.#find(".title").textContent = "Not read";
    this.#find(".problem").textContent = problem.message;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}
