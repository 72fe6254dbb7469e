// One picture and what is known of it. The markup is the server's, see _card.html.

import { percent } from "./format.js";
import { HeatMap } from "./heat.js";
import { t } from "./text.js";

const template = document.getElementById("card");

/** Ids of the classes, in the bundle's order. */
export const classIds = [...template.content.querySelectorAll(".bars li")].map(
  (row) => row.dataset.class,
);

/** How a class is called. */
export function classTitle(id) {
  return row(id)?.querySelector(".name").textContent ?? id;
}

/** The color that a class is drawn in. */
export function classColor(id) {
  return row(id)?.querySelector("rect").getAttribute("fill") ?? "";
}

function row(id) {
  return template.content.querySelector(`.bars li[data-class="${id}"]`);
}

export const PASSING = ["unreachable", "busy"]; // problems that may be gone at the next try

export class Card {
  #url;
  #heat;

  /**
   * @param {{name: string, file?: Blob, url?: string, drawn?: string}} picture previewed from its
   *   file or address, if it has one; `drawn` says what a drawing shows
   * @param {object} acts
   * @param {(signal: AbortSignal) => Promise<Blob>} acts.explain gives the heat map
   * @param {() => Promise<Blob>} [acts.draw] gives a picture that browsers show
   * @param {() => void} [acts.tryAgain]
   * @param {() => void} [acts.change] reads the picture as a whole field instead
   */
  constructor({ name, file, url, drawn }, { explain, draw, tryAgain, change }) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#heat = new HeatMap(this.element, explain);
    this.#find(".source .name").textContent = name;
    this.#find(".source .name").title = name;
    this.#find(".drawing").hidden = !drawn;
    this.#find(".drawing").textContent = drawn ?? "";
    if (tryAgain) this.#find(".again").addEventListener("click", tryAgain);
    const turn = this.#find(".switch");
    if (turn && change) turn.addEventListener("click", change);
    else turn?.remove();
    this.#find(".no-preview b").textContent = /\.(\w{1,5})$/.exec(name)?.[1] ?? "";
    if (file) this.#url = URL.createObjectURL(file);
    if (file || url) this.#preview(this.#url ?? url, name, draw);
  }

  #preview(url, name, draw) {
    const preview = this.#find(".preview img");
    const drawn = async () => {
      const blob = await draw().catch(() => null); // why not, the answer to the picture tells
      if (!blob || !this.#url) return;
      URL.revokeObjectURL(this.#url);
      preview.src = this.#url = URL.createObjectURL(blob);
    };
    if (draw) preview.addEventListener("error", drawn, { once: true });
    preview.alt = t("Picture {name}", { name });
    preview.addEventListener("load", () => {
      preview.hidden = false;
    });
    preview.src = url; // what cannot be shown leaves the placeholder
  }

  /**
   * Show a result of the API, an answer or a refusal.
   * @param {object} result
   * @param {string} [facts] about it in a few words; without any, size and time
   */
  show(result, facts) {
    this.#find(".bars").hidden = Boolean(result.error);
    this.#find(".problem").hidden = !result.error;
    this.#find(".again").hidden = !PASSING.includes(result.error?.code);
    this.element.dataset.state = result.error ? "refused" : "answered";
    if (result.error) this.#refuse(result.error);
    else this.#answer(result, facts);
  }

  /** Wait for another answer. */
  wait() {
    this.element.dataset.state = "waiting";
    delete this.element.dataset.status;
    this.#heat.forget();
    this.#find(".title").textContent = t("Waiting…");
    this.#find(".problem").hidden = this.#find(".again").hidden = true;
    this.#find(".bars").hidden = false;
    const preview = this.#find(".preview img");
    if (preview.hidden && preview.src) preview.src = preview.src; // a drawing that had not come
  }

  remove() {
    this.#heat.forget();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
    this.element.remove();
  }

  #answer(result, facts) {
    if (result.status) this.element.dataset.status = result.status;
    for (const row of this.element.querySelectorAll(".bars li")) {
      const share = result.probabilities[row.dataset.class];
      row.classList.toggle("best", row.dataset.class === result.label);
      row.querySelector("rect").style.transform = `scaleX(${share})`;
      row.querySelector(".share").textContent = percent(share);
    }
    const best = this.#find(".best");
    const title = classTitle(result.label);
    const others = result.prediction_set?.slice(1) ?? [];
    this.#find(".title").textContent = title;
    this.#find(".nearest .name").textContent = title.toLowerCase();
    this.#find(".others").hidden = !others.length;
    this.#find(".others .names").textContent = others
      .map((id) => classTitle(id).toLowerCase())
      .join(", ");
    this.#describe(result.status === "unfamiliar" ? null : result.attributes);
    this.#heat.describe(
      result.source,
      t("Warm is what speaks for {name}; gray parts were not looked at.", {
        name: title.toLowerCase(),
      }),
    );
    this.#find(".dot").style.backgroundColor = best.querySelector("rect").getAttribute("fill");
    this.#find(".confidence").textContent = percent(result.confidence);
    this.#find(".facts").textContent =
      facts ?? `${result.width} × ${result.height} · ${result.ms.total.toFixed(1)} ms`;
  }

  /** Tell how the cell looks, in words. */
  #describe(attributes) {
    const list = this.#find(".attributes");
    if (!list) return;
    list.hidden = !attributes;
    for (const line of list.children) {
      const told = attributes?.[line.dataset.attribute];
      line.hidden = !told;
      line.querySelector("b").textContent = told ? t(told.value) : "";
      line.querySelector(".share").textContent = told ? percent(told.confidence) : "";
    }
  }

  #refuse(problem) {
    this.#find(".title").textContent = t("Not read");
    this.#find(".problem").textContent = problem.message;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}
