// The page that takes pictures: every picture, wherever it comes from, becomes a card in a queue.

import { Card, classIds } from "./card.js";
import { save, toCellCsv, toCsv, toJson } from "./download.js";
import { FieldCard } from "./field-card.js";
import { listen } from "./intake.js";
import { look, offerModes } from "./mode.js";
import { explain, isTiff, preview } from "./pictures.js";
import { Queue } from "./queue.js";
import { offerDrawings } from "./samples.js";
import { Summary } from "./summary.js";
import { t } from "./text.js";

const AT_ONCE = 2; // requests; the engine would only let more of them wait
const UNDO_MS = 10_000;

const intake = document.getElementById("intake");
if (intake) start();

function start() {
  const results = document.getElementById("results");
  const cards = document.getElementById("cards");
  const clearButton = document.getElementById("clear");
  const maxBytes = Number(intake.dataset.maxBytes);
  const summary = new Summary();
  const queue = new Queue(AT_ONCE, work);
  const mode = offerModes();
  let items = [];
  let cleared = []; // may come back until they are forgotten
  let forgetting;

  async function work(item, signal) {
    try {
      const { kind, sent } = await look(item, maxBytes, signal);
      become(item, kind);
      answer(item, sent);
    } catch (problem) {
      if (signal.aborted) return;
      refuse(item, problem.told ?? unforeseen(problem));
    }
    summary.show(items);
  }

  function add(pictures) {
    if (!pictures.length) return;
    forget();
    summary.showAll();
    const fresh = pictures.map((picture) => {
      const item = { ...picture, wanted: picture.kind ?? mode() };
      item.kind = item.wanted === "field" ? "field" : "cell";
      item.card = newCard(item);
      return item;
    });
    for (const item of fresh) if (item.problem) refuse(item, item.problem);
    items = [...fresh, ...items];
    cards.prepend(...fresh.map((item) => item.card.element));
    results.hidden = false;
    document.documentElement.classList.add("has-results");
    summary.show(items);
    queue.add(fresh.filter((item) => !item.problem));
    reveal(fresh[0].card.element);
  }

  function newCard(item) {
    const acts = {
      tryAgain: () => tryAgain(item),
      change: () => change(item),
      draw: isTiff(item) ? () => preview(item, maxBytes) : undefined,
    };
    if (item.kind === "field") {
      return new FieldCard(item, {
        ...acts,
        explain: (picture, signal) => explain(picture, maxBytes, signal),
      });
    }
    return new Card(item, {
      ...acts,
      change: document.getElementById("modes") && acts.change,
      explain: (signal) => explain(item, maxBytes, signal),
    });
  }

  /** Give an item the card of its kind, in the place of the one it has. */
  function become(item, kind) {
    if (item.kind === kind) return;
    item.kind = kind;
    const former = item.card;
    item.card = newCard(item);
    former.element.replaceWith(item.card.element);
    former.remove();
  }

  /** Read a picture as what it was not taken for. */
  function change(item) {
    item.wanted = item.kind === "field" ? "cell" : "field";
    become(item, item.wanted);
    item.card.element.querySelector(".switch").focus();
    tryAgain(item);
  }

  /** Bring a card into view, and the heading above it where the screen is too small for more. */
  function reveal(card) {
    if (card.getBoundingClientRect().top > innerHeight * 0.6) results.scrollIntoView();
    else card.scrollIntoView({ block: "nearest" });
  }

  function tryAgain(item) {
    item.result = item.document = undefined;
    item.card.wait();
    summary.show(items);
    queue.add([item]);
  }

  function clear() {
    queue.clear();
    cleared = items;
    items = [];
    cards.replaceChildren();
    summary.showAll();
    summary.show(items);
    clearButton.textContent = t("Undo");
    forgetting = setTimeout(forget, UNDO_MS);
  }

  function undo() {
    items = cleared;
    cleared = [];
    forget();
    cards.append(...items.map((item) => item.card.element));
    summary.show(items);
    queue.add(items.filter((item) => !item.result));
  }

  function forget() {
    clearTimeout(forgetting);
    for (const item of cleared) item.card.remove();
    cleared = [];
    clearButton.textContent = t("Clear");
    if (items.length) return;
    if (document.activeElement === clearButton) document.getElementById("files").focus();
    results.hidden = true;
    document.documentElement.classList.remove("has-results");
  }

  listen(intake, add);
  offerDrawings((drawing) => add([drawing]));
  clearButton.addEventListener("click", () => (items.length ? clear() : undo()));
  document.getElementById("save-csv").addEventListener("click", () => {
    const cells = items.filter((item) => item.kind === "cell");
    const fields = items.filter((item) => item.kind === "field");
    if (cells.length) save("csv", "text/csv", toCsv(cells, classIds));
    if (fields.length) save("csv", "text/csv", toCellCsv(fields), "-fields");
  });
  document.getElementById("save-json").addEventListener("click", () => {
    save("json", "application/json", toJson(items));
  });
}

/** Keep what the server sent, to be saved as it is, and show the one result in it. */
function answer(item, sent) {
  item.document = sent;
  item.result = sent.results[0];
  item.card.show(item.result);
}

function refuse(item, error) {
  item.result = item.document = { source: item.name, error };
  item.card.show(item.result);
}

function unforeseen(problem) {
  console.error(problem);
  const message = t("The page failed at this picture ({problem}): load the page again, then add it once more", { problem: problem.message });
  return { code: "internal", message };
}
