// Who is working: the name in the header, and the dialog in which it is typed. The server keeps it
// in a cookie that no script can read and all windows share; what is asked for here goes out under
// the name that is shown here. Where there are accounts, the name is that of who has signed in, and
// there is no dialog.

import { reach } from "./reach.js";
import { t } from "./text.js";
import { toast } from "./toast.js";

const button = document.getElementById("person");
const dialog = document.getElementById("person-dialog");
const form = dialog?.querySelector("form");
const input = form?.elements.person;
const error = document.getElementById("person-error");
const KEPT = "kept";
const others = new BroadcastChannel("hematovision-person"); // the other windows
let shownName = "";
let asking = null; // what those wait for who need a name

/** The name that this page shows; empty for nobody. */
export function person() {
  return shownName;
}

/** @returns {Record<string, string>} the header that says who asks */
export function headersOf(name) {
  return name ? { "X-Person": encodeURIComponent(name) } : {};
}

function show(name) {
  shownName = name;
  const shown = button.querySelector(".name");
  shown.textContent = name || shown.dataset.nobody;
  button.classList.toggle("nobody", !name);
  for (const field of document.querySelectorAll("input[name=shown_person]")) field.value = name;
}

/** Ask who is working before a form is sent that would be refused without a name. */
export function sendNamed(form) {
  form.addEventListener("submit", async (event) => {
    if (shownName) return;
    event.preventDefault();
    if (await askPerson()) form.submit();
  });
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
export async function askPerson() {
  if (!dialog) return false;
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
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ name: input.value });
  try {
    const answered = (response) => response.json();
    const { name } = await reach("/api/v1/person", { method: "PUT", headers, body }, answered);
    take(name);
    dialog.close(KEPT);
    others.postMessage(name);
  } catch (problem) {
    complain(problem.message);
  }
}

function take(name) {
  show(name);
  input.value = input.defaultValue = name;
  toast(t("{person} is working", { person: name }));
  document.dispatchEvent(new CustomEvent("person", { detail: name }));
}

if (dialog) {
  show(input.defaultValue);
  others.addEventListener("message", ({ data: name }) => name !== shownName && take(name));
  button.addEventListener("click", askPerson);
  form.addEventListener("submit", keep);
  form.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
} else {
  shownName = button.querySelector(".name").textContent;
}
