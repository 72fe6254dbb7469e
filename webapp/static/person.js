// Who is working: the name in the header, and the dialog in which it is typed. The server keeps it
// in a cookie that no script can read.

import { t } from "./text.js";
import { toast } from "./toast.js";

const button = document.getElementById("person");
const dialog = document.getElementById("person-dialog");
const form = dialog.querySelector("form");
const input = form.elements.person;
const error = document.getElementById("person-error");
const KEPT = "kept";
let asking = null; // what those wait for who need a name

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

/**
 * Ask who is working, for what is refused without a name.
 * @returns {Promise<boolean>} whether a name was given
 */
export function askPerson() {
  complain("");
  if (!dialog.open) {
    dialog.returnValue = "";
    dialog.showModal();
  }
  input.select();
  asking ??= new Promise((resolve) => {
    const told = () => {
      asking = null;
      resolve(dialog.returnValue === KEPT);
    };
    dialog.addEventListener("close", told, { once: true });
  });
  return asking;
}

async function keep(event) {
  event.preventDefault();
  let name;
  try {
    const response = await fetch("/api/v1/person", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: input.value }),
    });
    const answer = await response.json();
    if (!response.ok) return complain(answer.error.message);
    name = answer.name;
  } catch {
    return complain(t("HematoVision does not answer: check that it is running"));
  }
  show(name);
  input.value = input.defaultValue = name;
  dialog.close(KEPT);
  toast(t("{person} is working", { person: name }));
  document.dispatchEvent(new CustomEvent("person", { detail: name }));
}

show(input.defaultValue);
button.addEventListener("click", askPerson);
form.addEventListener("submit", keep);
form.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
