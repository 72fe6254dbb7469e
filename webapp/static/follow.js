// A slide's page kept as the slide is now, whoever changes it: this page, another window, or the
// camera. It is asked for every two seconds with the ETag of what is shown; only when there is news
// the server's page is fetched anew, and its parts take the place of those that are shown.

import { Newest } from "./api.js";
import { reach } from "./reach.js";

const EVERY_MS = 2000;

export class Follower {
  #address;
  #newest;
  #shown; // edition of the slide on the page
  #listener;
  #turn = Promise.resolve(); // one look after the other
  #isLeft = false;
  slide = null; // what the server says of it

  /**
   * @param {string} path of the slide in the API
   * @param {string} address of its page
   * @param {number} shown edition
   * @param {{onNews: (slide: object) => void, onTrouble: (message: string) => void}} listener
   */
  constructor(path, address, shown, listener) {
    this.#newest = new Newest(path);
    this.#address = address;
    this.#shown = shown;
    this.#listener = listener;
  }

  /** Look again and again while the page can be seen. */
  async follow() {
    for (;;) {
      if (!document.hidden) await this.look();
      await new Promise((resolve) => {
        setTimeout(resolve, EVERY_MS);
      });
    }
  }

  /** Look now. */
  look() {
    this.#turn = this.#turn.then(() => this.#look());
    return this.#turn;
  }

  /** Do what the slide does not survive: it is looked at no more, unless that is refused. */
  async leave(act) {
    this.#isLeft = true;
    try {
      await act();
    } catch (error) {
      this.#isLeft = false;
      throw error;
    }
  }

  async #look() {
    if (this.#isLeft) return;
    try {
      const response = await this.#newest.next();
      if (response) this.slide = await response.json();
      // A page that did not come is asked for again, though the slide is known by now.
      if (this.slide && this.slide.edition !== this.#shown) await this.#draw();
      this.#listener.onTrouble("");
    } catch (error) {
      this.#listener.onTrouble(error.message);
    }
  }

  async #draw() {
    const page = await reach(this.#address, {}, (response) => response.text());
    const fresh = new DOMParser().parseFromString(page, "text/html");
    const { status, edition } = fresh.getElementById("slide").dataset;
    if (status !== document.getElementById("slide").dataset.status) return location.reload();
    this.#shown = Number(edition);
    for (const part of document.querySelectorAll("[data-part]")) {
      const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (part.querySelector(":scope > [data-key]") || now.querySelector(":scope > [data-key]")) {
        merge(part, now);
      } else replace(part, now);
    }
    this.#listener.onNews(this.slide);
  }
}

/** Take over children that came and went; those that stay keep what people do with them. */
function merge(part, now) {
  const wanted = [...now.children];
  const keys = new Set(wanted.map((child) => child.dataset.key));
  for (const child of [...part.children]) if (!keys.has(child.dataset.key)) child.remove();
  let place = part.firstElementChild;
  for (const child of wanted) {
    if (place?.dataset.key === child.dataset.key) place = place.nextElementSibling;
    else part.insertBefore(document.importNode(child, true), place);
  }
}

/** Show a part as it is now; the focus stays on what has the same id. */
function replace(part, now) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceChildren(...[...now.childNodes].map((node) => document.importNode(node, true)));
  if (focused) document.getElementById(focused)?.focus();
}
