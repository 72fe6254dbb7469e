// Runs before the page is painted, and before its modules: says that there are scripts, and lets a
// click that comes too early wait for the module that answers it.

document.documentElement.classList.add("js");

let early = null; // the button that was clicked last

function keep(event) {
  const button = event.target.closest("button");
  if (!button?.closest(".needs-script")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  early = button;
}

document.addEventListener("click", keep, true);
window.addEventListener("DOMContentLoaded", () => {
  document.removeEventListener("click", keep, true);
  early?.click();
});
