// Keys of a page that stand for its buttons, wherever the focus is but where keys have a meaning.

const OWN = "input, select, textarea, [contenteditable]";
const PRESSED_BY_SPACE = "button, a, summary, label";

/** @param {Record<string, () => void>} keys what each does, by `KeyboardEvent.key` in lower case */
export function listenToKeys(keys) {
  document.addEventListener("keydown", (event) => {
    const act = keys[event.key.toLowerCase()];
    if (!act || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(OWN) || document.querySelector("dialog[open]")) return;
    if (event.key === " " && event.target.closest(PRESSED_BY_SPACE)) return;
    event.preventDefault();
    act();
  });
}
