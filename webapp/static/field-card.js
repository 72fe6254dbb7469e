// A whole field: its picture with the cells in boxes, whether it can be counted, and the white cell
// that was chosen. The markup is the server's, see _field.html.

import { cellWords, drawBoxes } from "./boxes.js";
import { Card, PASSING } from "./card.js";
import { cut } from "./cut.js";
import { reasonWords, sizeWords } from "./field-words.js";
import { Overlay } from "./overlay.js";
import { t } from "./text.js";

const template = document.getElementById("field");

function scaleWords(source) {
  return {
    red_cells: t("by its red cells"),
    slide: t("by other fields of the slide"),
    outline: t("by its white cells, roughly"),
    given: t("as given"),
  }[source];
}

export class FieldCard {
  #url;
  #isOwn = false;
  #overlay;
  #explain;
  #chosen; // the card of the white cell that is shown
  #choice = 0;

  /**
   * @param {{name: string, file?: Blob, url?: string, drawn?: string}} picture as of a `Card`
   * @param {object} acts
   * @param {(picture: object, signal: AbortSignal) => Promise<Blob>} acts.explain
   * @param {() => void} [acts.tryAgain]
   * @param {() => void} [acts.change] reads the picture as a single cell instead
   */
  constructor({ name, file, url, drawn }, { tryAgain, change, explain }) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#explain = explain;
    this.#isOwn = Boolean(file);
    this.#url = file ? URL.createObjectURL(file) : url;
    this.#find(".source").textContent = name;
    this.#find(".stage").setAttribute("aria-label", t("Field {name}", { name }));
    this.#find(".drawing").hidden = !drawn;
    this.#find(".drawing").textContent = drawn ?? "";
    if (tryAgain) this.#find(".again").addEventListener("click", tryAgain);
    if (change) this.#find(".switch").addEventListener("click", change);
    else this.#find(".switch").remove();
    this.#overlay = new Overlay(this.#find(".stage"));
    this.#listen();
    this.#load();
  }

  show(result) {
    const problem = result.error;
    this.element.dataset.state = problem ? "refused" : "answered";
    this.#find(".problem").hidden = !problem;
    this.#find(".problem").textContent = problem?.message ?? "";
    this.#find(".again").hidden = !PASSING.includes(problem?.code);
    this.#find(".title").textContent = problem ? t("Not read") : t("Whole field");
    if (!problem) this.#answer(result);
  }

  wait() {
    this.element.dataset.state = "waiting";
    this.#find(".title").textContent = t("Waiting…");
    this.#find(".problem").hidden = this.#find(".again").hidden = true;
    this.#forgetChosen();
  }

  remove() {
    this.#forgetChosen();
    if (this.#isOwn) URL.revokeObjectURL(this.#url);
    this.element.remove();
  }

  #load() {
    const image = this.#find("image");
    image.addEventListener("error", () => {
      this.#find(".unshown").hidden = false;
    });
    if (this.#url) image.setAttribute("href", this.#url);
  }

  #listen() {
    const acts = { in: "zoomIn", out: "zoomOut", fit: "fit" };
    for (const button of this.element.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.#overlay[acts[button.dataset.zoom]]());
    }
    for (const toggle of this.element.querySelectorAll("[data-kind]")) {
      toggle.addEventListener("click", () => {
        const isShown = toggle.getAttribute("aria-pressed") !== "true";
        toggle.setAttribute("aria-pressed", String(isShown));
        this.#find(".stage").classList.toggle(`no-${toggle.dataset.kind}`, !isShown);
      });
    }
  }

  #answer(result) {
    this.#overlay.show(result.width, result.height, result.um_per_px);
    drawBoxes(this.#find(".boxes"), result.cells, (cell) => this.#choose(cell));
    for (const toggle of this.element.querySelectorAll("[data-kind]")) {
      toggle.querySelector("b").textContent = result.counts[toggle.dataset.kind];
    }
    this.#judge(result.quality);
    this.#find(".facts").textContent = facts(result);
    this.#find(".choose").hidden = !result.counts.wbc;
  }

  #judge({ usable, reasons }) {
    const lines = usable
      ? [[t("This field can be counted."), "good"]]
      : reasons.map((reason) => [reasonWords(reason), "doubt"]);
    if (!usable) lines.push([t("It is left out of the differential."), "bad"]);
    this.#find(".quality").replaceChildren(
      ...lines.map(([words, look]) => {
        const line = document.createElement("li");
        line.className = `callout ${look}`;
        line.textContent = words;
        return line;
      }),
    );
  }

  async #choose(cell) {
    this.#choice += 1;
    const choice = this.#choice;
    const name = t("White cell {number}", { number: cell.number });
    // A browser that cannot show the picture cannot cut it: the words come all the same.
    const file = await cut(this.#url, cell.box).catch(() => undefined);
    if (choice !== this.#choice) return;
    this.#forgetChosen();
    const picture = { name, file };
    this.#chosen = new Card(picture, {
      explain: (signal) => this.#explain(picture, signal),
    });
    this.#chosen.element.classList.add("of-field");
    this.#find(".chosen").append(this.#chosen.element);
    this.#find(".choose").hidden = true;
    this.#chosen.show({ ...cell.classification, source: name }, sizeWords(cell));
    const words = cellWords(cell);
    this.#find(".chosen .preview img").alt = words;
    document.getElementById("announcer").textContent = words;
    if (!file) this.#find(".chosen .heat-toggle").hidden = true;
  }

  #forgetChosen() {
    this.#chosen?.remove();
    this.#chosen = undefined;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

function facts({ width, height, um_per_px: scale, scale_source: source, ms }) {
  const words = [`${width} × ${height}`];
  if (scale) {
    words.push(t("{scale} µm a pixel, {how}", { scale: scale.toFixed(3), how: scaleWords(source) }));
  } else words.push(t("scale unknown"));
  words.push(t("{time} s", { time: (ms.total / 1000).toFixed(1) }));
  return words.join(" · ");
}
