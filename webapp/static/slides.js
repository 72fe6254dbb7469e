// The list of slides, and the form that opens one: a barcode scanner types the label and Enter.

import { ask } from "./api.js";
import { offerTarget, targetOf } from "./target.js";
import { t } from "./text.js";

const form = document.getElementById("open");
const error = document.getElementById("open-error");
const twice = document.getElementById("twice");

async function open(event) {
  event.preventDefault();
  if (form.classList.contains("busy")) return; // some scanners press Enter twice
  form.classList.add("busy");
  complain("");
  try {
    const other = await openAlready(form.elements.label.value);
    if (other) offer(other);
    else await make();
  } catch (problem) {
    complain(problem.message);
  }
  form.classList.remove("busy");
}

async function make() {
  const { label, note } = form.elements;
  const slide = await ask("POST", "/api/v1/slides", {
    label: label.value,
    note: note.value,
    target: targetOf(form),
  });
  location.assign(`/slides/${slide.id}`);
}

/** Find a slide that is open under the same label. */
async function openAlready(label) {
  const wanted = label.trim();
  const query = new URLSearchParams({ label: wanted, status: "open" });
  const { slides } = await ask("GET", `/api/v1/slides?${query}`);
  return slides.find((slide) => slide.label === wanted);
}

function offer({ id, label, opened }) {
  twice.querySelector(".told").textContent = t("{label} was opened by {person} and is not signed.", {
    label,
    person: opened.by,
  });
  twice.querySelector("a").href = `/slides/${id}`;
  twice.showModal();
  twice.querySelector("a").focus();
}

function complain(message) {
  error.textContent = message;
  error.hidden = !message;
  form.elements.label.setAttribute("aria-invalid", String(Boolean(message)));
}

offerTarget(form);
form.addEventListener("submit", open);
twice.querySelector("form").addEventListener("submit", () => {
  make().catch((problem) => complain(problem.message));
});
twice.querySelector("[value=cancel]").addEventListener("click", () => twice.close());
