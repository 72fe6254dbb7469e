// All whole fields of the page together: cells counted, and white cells in a small differential.

import { classColor, classTitle } from "./card.js";
import { interval } from "./interval.js";
import { t, tn } from "./text.js";

const find = (id) => document.getElementById(id);

/** @param {object[]} items of which those that are answered fields are summed */
export function showTally(items) {
  const documents = items
    .filter(({ kind, result }) => kind === "field" && result && !result.error)
    .map((item) => item.document);
  find("tally").hidden = !documents.length;
  if (!documents.length) return;
  const { counts, fields, counted, beside } = sum(documents);
  find("tally-counts").textContent = [
    tn("{n} field", "{n} fields", documents.length),
    tn("{n} white cell", "{n} white cells", counts.wbc),
    tn("{n} red cell", "{n} red cells", counts.rbc),
    tn("{n} platelet", "{n} platelets", counts.platelet),
  ].join(" · ");
  const rows = [...counted].filter(([, n]) => n).sort(([, a], [, b]) => b - a);
  const total = rows.reduce((all, [, n]) => all + n, 0);
  find("tally-rows").replaceChildren(...rows.map(([id, n]) => row(id, n, total)));
  find("tally-table").hidden = !total;
  find("tally-left").textContent = leftOut(documents.length - fields, beside);
}

function sum(documents) {
  const counts = { wbc: 0, rbc: 0, platelet: 0 };
  const counted = new Map();
  const beside = { nrbc: 0, unclassified: 0 };
  let fields = 0;
  for (const { results, differential } of documents) {
    for (const kind of Object.keys(counts)) counts[kind] += results[0].counts[kind];
    for (const [id, { n }] of Object.entries(differential.classes)) {
      counted.set(id, (counted.get(id) ?? 0) + n);
    }
    for (const key of Object.keys(beside)) beside[key] += differential[key];
    fields += differential.fields;
  }
  return { counts, fields, counted, beside };
}

function leftOut(unusable, { nrbc, unclassified }) {
  const words = [t("Intervals are exact 95 %: where the share lies in the blood, if the fields are typical.")];
  if (unclassified) {
    words.push(tn("{n} white cell is of no class.", "{n} white cells are of no class.", unclassified));
  }
  if (nrbc) {
    words.push(tn("{n} nucleated red cell is beside.", "{n} nucleated red cells are beside.", nrbc));
  }
  if (unusable) {
    words.push(tn("{n} field cannot be counted.", "{n} fields cannot be counted.", unusable));
  }
  return words.join(" ");
}

function row(id, n, total) {
  const line = document.createElement("tr");
  const [low, high] = interval(n, total);
  const share = (value) => (value * 100).toFixed(value * 100 < 10 && value ? 1 : 0);
  const name = document.createElement("th");
  name.scope = "row";
  const dot = document.createElement("i");
  dot.className = "dot";
  dot.style.backgroundColor = classColor(id);
  name.append(dot, classTitle(id));
  line.append(name);
  for (const words of [n, `${share(n / total)} %`, `${share(low)}–${share(high)} %`]) {
    const cell = document.createElement("td");
    cell.className = "number";
    cell.textContent = words;
    line.append(cell);
  }
  return line;
}
