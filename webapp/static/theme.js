// Light or dark: what was chosen here before, else what the system prefers. Runs before the page
// is painted, so that it never flashes in the other theme.

const KEY = "hematovision-theme";
const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden
  }
}

let chosen = remembered();

function isDark() {
  return chosen ? chosen === "dark" : prefersDark.matches;
}

function show() {
  document.getElementById("dark").media = isDark() ? "all" : "not all";
  root.dataset.theme = isDark() ? "dark" : "light";
  document.getElementById("theme")?.setAttribute("aria-pressed", String(isDark()));
}

function toggle() {
  chosen = isDark() ? "light" : "dark";
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // The choice then lasts as long as the page.
  }
  show();
}

show();
prefersDark.addEventListener("change", show);
document.addEventListener("DOMContentLoaded", () => {
  show();
  document.getElementById("theme").addEventListener("click", toggle);
});
