// Captured pictures in a row, the newest first, each to be saved or dropped.

import { t, tn } from "./text.js";

export class Captures {
  #list = document.getElementById("captures");

  /**
   * @param {string} name of the file
   * @param {Blob} picture
   * @returns {string} what to say of it
   */
  add(name, picture) {
    const address = URL.createObjectURL(picture);
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    const words = t("Save {name}", { name });
    link.title = words;
    const image = new Image();
    image.src = address;
    image.alt = words;
    link.append(image);
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "drop";
    drop.textContent = "×";
    drop.setAttribute("aria-label", t("Drop {name}", { name }));
    drop.addEventListener("click", () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      URL.revokeObjectURL(address);
      (next?.querySelector("a") ?? document.getElementById("capture")).focus();
      this.#told();
    });
    item.append(link, drop);
    this.#list.prepend(item);
    return this.#told();
  }

  #told() {
    const count = this.#list.children.length;
    document.getElementById("captured").hidden = !count;
    document.getElementById("captured-count").textContent = count;
    return tn("{n} picture captured", "{n} pictures captured", count);
  }
}
