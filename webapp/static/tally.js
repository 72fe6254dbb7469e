// All whole fields of the page together: cells counted, and white cells in a small differential, as
// the server puts them together.

import { ask } from "./api.js";
import { classColor, classTitle } from "./card.js";
import { besideWords } from "./field-words.js";
import { t, tn } from "./text.js";

const find = (id) => document.getElementById(id);
let shown = 0; // how often it was; only the last answer counts

/** @param {object[]} items of which those that are answered fields are put together */
export async function showTally(items) {
  shown += 1;
  const turn = shown;
  const documents = items
    .filter(({ kind, result }) => kind === "field" && result && !result.error)
    .map((item) => item.document);
  find("tally").hidden = !documents.length;
  if (!documents.length) return;
  find("tally-counts").textContent = kindsOf(documents);
  const usable = documents.map((each) => each.differential).filter((each) => each.fields);
  const fields = usable.map(({ classes, nrbc, unclassified }) => ({
    classes: Object.fromEntries(Object.entries(classes).map(([id, { n }]) => [id, n])),
    nrbc,
    unclassified,
  }));
  const together = await ask("POST", "/api/v1/differential", { fields }).catch(() => null);
  if (turn !== shown) return;
  const { classes, ...beside } = together ?? { classes: {} }; // else told at the top of the page
  const rows = Object.entries(classes).filter(([, { n }]) => n);
  rows.sort(([, a], [, b]) => b.n - a.n);
  find("tally-rows").replaceChildren(...rows.map(([id, share]) => row(id, share)));
  find("tally-table").hidden = !rows.length;
  find("tally-left").textContent = together ? leftOut(documents.length - usable.length, beside) : "";
}

function kindsOf(documents) {
  const sum = (kind) => documents.reduce((all, { results }) => all + results[0].counts[kind], 0);
  return [
    tn("{n} field", "{n} fields", documents.length),
    tn("{n} white cell", "{n} white cells", sum("wbc")),
    tn("{n} red cell", "{n} red cells", sum("rbc")),
    tn("{n} platelet", "{n} platelets", sum("platelet")),
  ].join(" · ");
}

function leftOut(unusable, beside) {
  const words = [t("Intervals are exact 95 %: where the share lies in the blood, if the fields are typical.")];
  words.push(...besideWords(beside));
  if (unusable) {
    words.push(tn("{n} field cannot be counted.", "{n} fields cannot be counted.", unusable));
  }
  return words.join(" ");
}

function row(id, { n, percent, interval: [low, high] }) {
  const line = document.createElement("tr");
  const written = (share) => share.toFixed(share && share < 10 ? 1 : 0);
  const name = document.createElement("th");
  name.scope = "row";
  const dot = document.createElement("i");
  dot.className = "dot";
  dot.style.backgroundColor = classColor(id);
  name.append(dot, classTitle(id));
  line.append(name);
  for (const words of [n, `${written(percent)} %`, `${written(low)}–${written(high)} %`]) {
    const cell = document.createElement("td");
    cell.className = "number";
    cell.textContent = words;
    line.append(cell);
  }
  return line;
}
