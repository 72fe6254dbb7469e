// The bar of classes, always in view; on small screens it opens as a sheet.

import { UNFAMILIAR } from "./review-cells.js";
import { t, tn } from "./text.js";

const find = (id) => document.getElementById(id);

export class ClassBar {
  #bar = find("classes");

  /** @param {{give: (id: string) => void, confirm: () => void, undo: () => void}} acts */
  constructor({ give, confirm, undo }) {
    this.#bar.addEventListener("click", (event) => {
      const button = event.target.closest(".class-key");
      if (button) give(button.dataset.class);
    });
    find("confirm").addEventListener("click", confirm);
    find("undo").addEventListener("click", undo);
    this.#offer("several", "aria-pressed", () => {});
    this.#offer("sheet", "aria-expanded", (isOpen) => this.#bar.classList.toggle("open", isOpen));
    const aside = find("detail");
    find("detail-open").addEventListener("click", () => {
      aside.classList.add("open");
      find("detail-close").focus();
    });
    find("detail-close").addEventListener("click", () => {
      aside.classList.remove("open");
      find("detail-open").focus();
    });
    // What the bar covers is not where a cell is scrolled to.
    new ResizeObserver(() => {
      const height = `${this.#bar.offsetHeight}px`;
      document.documentElement.style.setProperty("--classes", height);
    }).observe(this.#bar);
  }

  /** Whether a tap adds to what is chosen. */
  get isSeveral() {
    return find("several").getAttribute("aria-pressed") === "true";
  }

  /** Tell how many cells are chosen, and what it means to confirm them. */
  tell(chosen) {
    const n = chosen.size;
    find("chosen").textContent = n
      ? tn("{n} cell chosen", "{n} cells chosen", n)
      : t("No cell chosen");
    const isOfNone = n && [...chosen].every((cell) => cell.named === UNFAMILIAR);
    find("confirm-word").textContent = isOfNone ? t("Seen, no class") : t("Confirm");
  }

  /** Write how many cells are of each class. */
  count(of) {
    for (const button of this.#bar.querySelectorAll(".class-key")) {
      button.querySelector(".count").textContent = of(button.dataset.class) || "";
    }
  }

  #offer(id, state, changed) {
    const button = find(id);
    button.addEventListener("click", () => {
      const isOn = button.getAttribute(state) !== "true";
      button.setAttribute(state, String(isOn));
      changed(isOn);
    });
  }
}
