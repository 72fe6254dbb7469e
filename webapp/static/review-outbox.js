// What a person did and the server does not know yet: sent one after the other, in order, again
// until it is answered. Nothing on the page waits for it.

import { ask } from "./api.js";
import { t } from "./text.js";

const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 10_000;
const PASSING = new Set([
  ...["unreachable", "busy", "internal", "no_person", "not_signed_in", "disk_full", "unwritable"],
]);

export const LOST = "lost"; // the code of an act that somebody else was before

/**
 * @typedef {object} Act
 * @property {"review" | "undo"} kind
 * @property {number[]} cells their ids; of an undo those that it gives back, if they are known
 * @property {string | null} given the class; null confirms
 * @property {string} by who did it
 * @property {Map<number, object>} before what held of each cell
 * @property {Map<number, object>} after what holds since
 * @property {(isKept: boolean) => void} tell says what became of it
 * @property {Act} [of] what an undo takes back; nothing where only the server knows it
 */

export class Outbox {
  #slide;
  #edition;
  #listener;
  #acts = [];
  #isSending = false;
  #wake = () => {};

  /**
   * @param {number} slide its id
   * @param {number} edition that the page shows
   * @param {object} listener
   * @param {(act: Act, answer: object) => void} listener.saved
   * @param {(act: Act, problem: object) => void} listener.refused the act is given up
   * @param {(act: Act) => Promise<"again" | "saved" | "lost">} listener.changed somebody else has
   *   written: everything is to be loaded again
   * @param {(problem: object | null) => void} listener.waits what keeps acts from being saved
   */
  constructor(slide, edition, listener) {
    this.#slide = slide;
    this.#edition = edition;
    this.#listener = listener;
    addEventListener("online", () => this.retry());
    addEventListener("beforeunload", (event) => {
      if (this.#acts.length) event.preventDefault();
    });
  }

  /** What is not saved yet, the oldest first. */
  get acts() {
    return this.#acts;
  }

  set edition(edition) {
    this.#edition = edition;
  }

  push(act) {
    this.#acts.push(act);
    this.#send();
  }

  /** Take back the last act if nothing of it was sent. */
  cancel(act) {
    if (this.#acts.at(-1) !== act || this.#acts.length === 1) return false;
    this.#acts.pop();
    return true;
  }

  /** Give up acts that wait behind the one that is sent. */
  drop(isOver) {
    this.#acts = this.#acts.filter((act, place) => !place || !isOver(act));
  }

  retry() {
    this.#wake();
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      await this.#sendAll();
    } finally {
      this.#isSending = false;
    }
  }

  async #sendAll() {
    let wait = FIRST_WAIT_MS;
    while (this.#acts.length) {
      const [act] = this.#acts;
      const { answer, problem } = await this.#ask(act);
      if (answer) this.#edition = answer.slide.edition;
      if (answer || !PASSING.has(problem.code)) {
        const outcome = answer ? "saved" : await this.#judge(act, problem);
        if (outcome !== "again") this.#acts.shift();
        if (outcome === "saved") this.#listener.saved(act, answer);
        if (outcome === "refused") await this.#listener.refused(act, problem);
        if (outcome === LOST) await this.#listener.refused(act, lost(act));
        this.#listener.waits(null);
        wait = FIRST_WAIT_MS;
      } else {
        this.#listener.waits(problem);
        await this.#pause(problem.code === "no_person" ? 0 : wait);
        wait = Math.min(2 * wait, LONGEST_WAIT_MS);
      }
    }
  }

  async #judge(act, problem) {
    if (problem.code !== "changed") return "refused";
    const seen = this.#edition;
    try {
      const outcome = await this.#listener.changed(act);
      // Nothing was written since: these words are of the act itself.
      return outcome === LOST && this.#edition === seen ? "refused" : outcome;
    } catch {
      await this.#pause(FIRST_WAIT_MS); // it could not be loaded either
      return "again";
    }
  }

  async #ask({ kind, cells, given, by }) {
    const path = `/api/v1/slides/${this.#slide}/reviews`;
    try {
      const answer =
        kind === "undo"
          ? await ask("DELETE", `${path}/last`, null, this.#edition, by)
          : await ask("POST", path, { cells, class: given }, this.#edition, by);
      return { answer };
    } catch (error) {
      if (!error.code) throw error;
      return { problem: error };
    }
  }

  /** Wait, for ever where no time helps. */
  #pause(ms) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (ms) setTimeout(resolve, ms);
    });
  }
}

function lost({ kind }) {
  const isUndo = kind === "undo";
  const message = isUndo
    ? t("This slide was changed elsewhere, so nothing was undone. Undo what you did last there or here?")
    : t("Somebody else has changed these cells meanwhile: your last choice is not kept.");
  return { code: LOST, message, isUndo };
}
