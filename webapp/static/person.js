// Who is working: the name in the header, and the dialog in which it is typed.

import { t } from "./text.js";
import { toast } from "./toast.js";

const button = document.getElementById("person");
const dialog = document.getElementById("person-dialog");
const form = dialog.querySelector("form");
const input = form.elements.person;
const error = document.getElementById("person-error");

function show(name) {
  const shown = button.querySelector(".name");
  shown.textContent = name || shown.dataset.nobody;
  button.classList.toggle("nobody", !name);
}

function complain(message) {
  error.textContent = message;
  error.hidden = !message;
  input.setAttribute("aria-invalid", String(Boolean(message)));
}

/** Ask who is working, for what is refused without a name. */
export function askPerson() {
  complain("");
  dialog.showModal();
  input.select();
}

async function keep(event) {
  event.preventDefault();
  const person = input.value.trim();
  try {
    const response = await fetch("/api/v1/person", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ person }),
    });
    if (!response.ok) return complain((await response.json()).error.message);
  } catch {
    return complain(t("HematoVision does not answer: check that it is running"));
  }
  show(person);
  dialog.close();
  toast(t("{person} is working", { person }));
  document.dispatchEvent(new CustomEvent("person", { detail: person }));
}

show(input.defaultValue);
button.addEventListener("click", askPerson);
form.addEventListener("submit", keep);
form.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
