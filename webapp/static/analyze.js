// The page that takes pictures: every picture, wherever it comes from, becomes a card in a queue.

import { classify } from "./ask.js";
import { Card, classIds } from "./card.js";
import { toCsv, toJson, save } from "./download.js";
import { listen } from "./intake.js";
import { Queue } from "./queue.js";
import { offerDrawings } from "./samples.js";
import { Summary } from "./summary.js";

const AT_ONCE = 2; // requests; the engine would only let more of them wait

const intake = document.getElementById("intake");
if (intake) start();

function start() {
  const results = document.getElementById("results");
  const cards = document.getElementById("cards");
  const summary = new Summary();
  const queue = new Queue(AT_ONCE, work);
  let items = [];

  async function work(item, signal) {
    try {
      answer(item, await classify(item, Number(intake.dataset.maxBytes), signal));
    } catch (problem) {
      if (signal.aborted) return;
      refuse(item, problem.answer ?? unforeseen(problem));
    }
    summary.show(items);
  }

  function add(pictures, isDrawing = false) {
    if (!pictures.length) return;
    const fresh = pictures.map((picture) => ({ ...picture, card: new Card(picture, isDrawing) }));
    for (const item of fresh) if (item.problem) refuse(item, item.problem);
    items = [...fresh, ...items];
    cards.prepend(...fresh.map((item) => item.card.element));
    results.hidden = false;
    document.documentElement.classList.add("has-results");
    summary.show(items);
    queue.add(fresh.filter((item) => !item.problem));
    if (results.getBoundingClientRect().top > innerHeight / 2) results.scrollIntoView();
  }

  function clear() {
    queue.clear();
    for (const item of items) item.card.remove();
    items = [];
    results.hidden = true;
    document.documentElement.classList.remove("has-results");
    summary.show(items);
    document.getElementById("files").focus();
  }

  listen(intake, add);
  offerDrawings((drawing) => add([drawing], true));
  document.getElementById("clear").addEventListener("click", clear);
  document.getElementById("save-csv").addEventListener("click", () => {
    save("hematovision.csv", "text/csv", toCsv(items, classIds));
  });
  document.getElementById("save-json").addEventListener("click", () => {
    save("hematovision.json", "application/json", toJson(items));
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
  return { code: "internal", message: `The page failed at this picture: ${problem.message}` };
}
