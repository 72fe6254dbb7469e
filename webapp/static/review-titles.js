// What classes are called, and a cell in words.

import { percent } from "./format.js";
import { UNFAMILIAR } from "./review-cells.js";
import { t } from "./text.js";

const GRAY = "#71717a";
const WORTH = {
  confident: () => t("confident"),
  uncertain: () => t("uncertain"),
};

export class Titles {
  #classes;

  /** @param {{id: string, title: string, color: string}[]} classes */
  constructor(classes) {
    this.#classes = new Map(classes.map((each) => [each.id, each]));
  }

  title(id) {
    if (id === UNFAMILIAR) return t("Unidentified");
    const plain = id.replaceAll("_", " ");
    return this.#classes.get(id)?.title ?? plain.charAt(0).toUpperCase() + plain.slice(1);
  }

  color(id) {
    return this.#classes.get(id)?.color ?? GRAY;
  }

  /** What the person said, in a few words. */
  said({ seen, given, answer }) {
    if (!seen) return "";
    if (!given) return t("Seen, no class");
    return given === answer.label && answer.status !== UNFAMILIAR
      ? t("Confirmed")
      : this.title(given);
  }

  /** What the model said, in words. */
  model({ answer }) {
    if (answer.status === UNFAMILIAR) return t("the model does not know such cells");
    return [this.title(answer.label), percent(answer.confidence), WORTH[answer.status]?.()]
      .filter(Boolean)
      .join(", ");
  }

  /** All that a tile shows, for who does not see it. */
  whole(cell) {
    const words = t("Cell {number}: {said}", { number: cell.id, said: this.model(cell) });
    return cell.seen ? `${words}. ${this.said(cell)}` : `${words}. ${t("Not seen yet")}`;
  }
}
