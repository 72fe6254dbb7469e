// How far the queue is, and how many cells of each class there are.

import { percent } from "./format.js";

const find = (id) => document.getElementById(id);

export class Summary {
  #classes = new Map(
    [...find("card").content.querySelectorAll(".bars li")].map((row) => [
      row.dataset.class,
      {
        title: row.querySelector(".name").textContent,
        color: row.querySelector("rect").getAttribute("fill"),
      },
    ]),
  );

  show(items) {
    const done = items.filter((item) => item.result);
    const isDone = done.length === items.length;
    find("progress").textContent = `${done.length} of ${items.length}`;
    find("track").style.transform = `scaleX(${items.length ? done.length / items.length : 0})`;
    find("save-csv").disabled = find("save-json").disabled = !done.length;
    find("counts").replaceChildren(...this.#counts(done));
    if (items.length && isDone) this.#announce(done);
  }

  #counts(done) {
    const counts = new Map();
    for (const { result } of done) {
      const key = result.error ? null : result.label;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...this.#classes.keys(), null]
      .filter((key) => counts.has(key))
      .map((key) => {
        const { title, color } = this.#classes.get(key) ?? { title: "Not read", color: "" };
        return chip(title, color, counts.get(key));
      });
  }

  #announce(done) {
    const refused = done.filter((item) => item.result.error).length;
    const [{ result }] = done;
    if (done.length > 1) {
      find("announcer").textContent = `${done.length} pictures done, ${refused} not read`;
    } else if (result.error) {
      find("announcer").textContent = result.error.message;
    } else {
      const { title } = this.#classes.get(result.label);
      find("announcer").textContent = `${title}, ${percent(result.confidence)}, ${result.source}`;
    }
  }
}

function chip(title, color, count) {
  const element = document.createElement("li");
  element.className = "chip";
  const dot = document.createElement("i");
  dot.className = color ? "dot" : "dot bad";
  dot.style.backgroundColor = color;
  const number = document.createElement("b");
  number.textContent = count;
  element.append(dot, title, " ", number);
  return element;
}
