// The history beyond what its page does by itself: a scanner may type wherever the focus is, and
// why a slide is deleted is asked for in a dialog.

import { sendNamed } from "./person.js";

const label = document.getElementById("label");
const dialog = document.getElementById("delete-dialog");
const form = document.getElementById("delete-form");

/** Let what is typed outside of any control be the label; a scanner ends it with Enter. */
function typed(event) {
  const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isText || event.key === " " || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea, button, a, summary")) return;
  label.value = "";
  label.focus(); // before the letter is put in
}

function ask(link) {
  form.action = new URL(link.href).pathname;
  form.reset();
  document.getElementById("delete-label").textContent = link.dataset.label;
  document.getElementById("delete-edition").value = link.dataset.edition;
  document.getElementById("delete-back").value = new URL(link.href).searchParams.get("back");
  dialog.showModal();
}

document.addEventListener("keydown", typed);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.delete");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  ask(link);
});
document.getElementById("delete-cancel").addEventListener("click", (event) => {
  event.preventDefault();
  dialog.close();
});
sendNamed(form);
