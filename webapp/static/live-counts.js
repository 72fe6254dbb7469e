// What has been counted, each cell once: kinds, and white cells by class with their intervals.

import { besideWords } from "./field-words.js";
import { t } from "./text.js";

const KINDS = { wbc: t("White cells"), rbc: t("Red cells"), platelet: t("Platelets") };

const by = (id) => document.getElementById(id);

export class Counts {
  #titles;

  /** @param {{id: string, title: string}[]} classes */
  constructor(classes) {
    this.#titles = new Map(classes.map(({ id, title }) => [id, title]));
    this.show(null, null);
  }

  /** @param {object | null} counted @param {object | null} look the newest one */
  show(counted, look) {
    const here = look?.result?.counts ?? {};
    by("kinds").replaceChildren(
      ...Object.entries(KINDS).map(([kind, title]) => {
        const pair = document.createElement("div");
        const inView = here[kind] === undefined ? "" : t("{n} in view", { n: here[kind] });
        pair.append(
          part("dt", title),
          part("dd", counted?.counts[kind] ?? "–", "figure"),
          part("dd", inView, "small"),
        );
        return pair;
      }),
    );
    const found = counted?.differential;
    by("shares").hidden = !found?.counted;
    by("beside").hidden = !(found?.nrbc || found?.unclassified);
    if (!found) return;
    by("shares-of").textContent = t("{n} of {target} wanted, none of them twice", {
      n: found.counted,
      target: found.target,
    });
    by("shares").tBodies[0].replaceChildren(
      ...Object.entries(found.classes).map(([id, { n, percent, interval: [low, high] }]) => {
        const row = document.createElement("tr");
        row.classList.toggle("none", !n);
        const name = part("th", this.#titles.get(id) ?? id);
        name.scope = "row";
        row.append(
          name,
          part("td", n),
          part("td", percent === null ? "–" : percent.toFixed(1)),
          part("td", `${low.toFixed(0)}–${high.toFixed(0)}`),
        );
        return row;
      }),
    );
    by("beside").textContent = besideWords(found).join(" ");
  }
}

function part(name, text, style) {
  const made = document.createElement(name);
  made.textContent = text;
  if (style) made.className = style;
  return made;
}
