// The page Device beyond what it does by itself: the self-test step by step, hashes copied, rows
// for more classes.

import { ask, patiently } from "./api.js";
import { sendNamed } from "./person.js";
import { t } from "./text.js";
import { toast } from "./toast.js";

const steps = document.getElementById("steps");
const said = document.getElementById("test-said");
const test = document.getElementById("test-form");
const options = document.getElementById("options-form");

/** Take one step; it says what it found, or why it could not be taken. */
async function take(id) {
  const address = `/api/v1/device/test?${new URLSearchParams({ step: id })}`;
  try {
    return (await patiently(() => ask("POST", address))).steps[0];
  } catch ({ message }) {
    return { ok: false, message };
  }
}

function show(row, state, message = "", ms = undefined) {
  row.dataset.state = state;
  const words = { ok: t("Well:"), failed: t("Not well:") }[state];
  const kind = document.createElement("span");
  kind.className = "unseen";
  kind.textContent = words ?? "";
  row.querySelector(".said").replaceChildren(kind, ` ${message}`);
  row.querySelector(".took").textContent = ms === undefined ? "" : `${Math.round(ms)} ms`;
}

async function run(event) {
  event.preventDefault();
  const button = test.querySelector("button");
  const rows = [...steps.children];
  button.disabled = true;
  steps.hidden = false;
  for (const row of rows) show(row, "waiting");
  let failed = 0;
  for (const row of rows) {
    const name = row.querySelector(".step-name").textContent;
    said.textContent = t("Trying: {name}", { name });
    show(row, "running");
    const step = await take(row.dataset.step);
    show(row, step.ok ? "ok" : "failed", step.message, step.ms);
    failed += step.ok ? 0 : 1;
  }
  said.textContent = failed ? t("Something is not well: see above.") : t("All is well.");
  button.disabled = false;
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(t("The hash is copied"));
  } catch {
    toast(button.dataset.copy); // to be copied by hand
  }
}

function addClass() {
  const template = document.getElementById("new-class");
  const row = template.cloneNode(true);
  row.removeAttribute("id");
  for (const input of row.querySelectorAll("input:not([type])")) input.value = "";
  template.parentNode.append(row);
  row.querySelector("[name=class_title]").focus();
}

test.addEventListener("submit", run);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.getElementById("add-class")?.addEventListener("click", addClass);
if (options) sendNamed(options);
