// One picture and what is known of it. The markup is the server's, see _card.html.

import { percent } from "./format.js";

const template = document.getElementById("card");

export class Card {
  #url;

  constructor(file, isDrawing) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#url = URL.createObjectURL(file);
    this.#find(".source .name").textContent = file.name;
    this.#find(".source .name").title = file.name;
    this.#find(".drawing").hidden = !isDrawing;
    this.#find(".no-preview b").textContent = file.name.split(".").pop().slice(0, 5);
    const preview = this.#find(".preview img");
    preview.alt = `Picture ${file.name}`;
    preview.addEventListener("load", () => {
      preview.hidden = false;
    });
    preview.src = this.#url; // a kind that browsers cannot show, TIFF, leaves the placeholder
  }

  /** Show a result of the API, an answer or a refusal. */
  show(result) {
    this.element.dataset.state = result.error ? "refused" : "answered";
    if (result.error) this.#refuse(result.error);
    else this.#answer(result);
  }

  remove() {
    URL.revokeObjectURL(this.#url);
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
    this.#find(".bars").hidden = true;
    this.#find(".problem").hidden = false;
    this.#find(".problem").textContent = problem.message;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}
