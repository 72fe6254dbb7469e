// A whole field: its picture with the cells in boxes, whether it can be counted, and the white cell
// that was chosen. The markup is the server's, see _field.html.

import { drawBoxes } from "./boxes.js";
import { Card, PASSING, classTitle } from "./card.js";
import { cut } from "./cut.js";
import { cellName, reasonWords, sizeWords } from "./field-words.js";
import { percent } from "./format.js";
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
  #loaded = Promise.resolve(); // when the picture has come, or will not
  #overlay;
  #explain;
  #chosen; // the card of the white cell that is shown
  #choice = 0;

  /**
   * Cells that are shown may have the address of their picture, `url`; the others are cut out here.
   * @param {{name: string, file?: Blob, url?: string, drawn?: string}} picture as of a `Card`
   * @param {object} acts
   * @param {(picture: object, signal: AbortSignal) => Promise<Blob>} acts.explain
   * @param {() => Promise<Blob>} [acts.draw] gives a picture that browsers show
   * @param {() => void} [acts.tryAgain]
   * @param {() => void} [acts.change] reads the picture as a single cell instead
   */
  constructor({ name, file, url, drawn }, { tryAgain, change, draw, explain }) {
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
    this.#load(draw);
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
    this.#url = undefined;
    this.element.remove();
  }

  #load(draw) {
    if (!this.#url) return;
    const image = this.#find("image");
    const unshown = this.#find(".unshown");
    const redraw = async () => {
      unshown.hidden = false;
      const blob = await draw?.().catch(() => null);
      if (!blob || !this.#url) return;
      URL.revokeObjectURL(this.#url);
      this.#url = URL.createObjectURL(blob);
      image.setAttribute("href", this.#url);
      unshown.hidden = true;
    };
    this.#loaded = new Promise((resolve) => {
      image.addEventListener("load", resolve, { once: true });
      image.addEventListener("error", () => redraw().then(resolve), { once: true });
    });
    image.setAttribute("href", this.#url);
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
    const choose = (cell) => this.#choose(cell);
    drawBoxes(this.#find(".boxes"), result, nameOf, { wordsOf: cellWords, choose });
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
    const picture = { name, url: cell.url };
    // A browser that cannot show the picture cannot cut it: the words come all the same.
    if (!cell.url) {
      await this.#loaded;
      picture.file = await cut(this.#url, cell.box).catch(() => undefined);
    }
    if (choice !== this.#choice) return;
    this.#forgetChosen();
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
    if (!picture.url && !picture.file) this.#find(".chosen .heat-toggle").hidden = true;
  }

  #forgetChosen() {
    this.#chosen?.remove();
    this.#chosen = undefined;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

/** A title that a person gave goes before the model's. */
function nameOf(cell) {
  return cell.title ?? cellName(cell, classTitle);
}

/** A white cell in words; the model's share stands beside the model's name only. */
function cellWords(cell) {
  const { number, title, classification } = cell;
  const values = { number, name: nameOf(cell), share: percent(classification.confidence) };
  return title
    ? t("White cell {number}: {name}", values)
    : t("White cell {number}: {name}, {share}", values);
}

function facts({ width, height, um_per_px: scale, scale_source: source, ms }) {
  const words = [`${width} × ${height}`];
  if (scale) {
    words.push(t("{scale} µm a pixel, {how}", { scale: scale.toFixed(3), how: scaleWords(source) }));
  } else words.push(t("scale unknown"));
  words.push(t("{time} s", { time: (ms.total / 1000).toFixed(1) }));
  return words.join(" · ");
}
