// A word about what was just done, seen for some seconds and read out; perhaps with a way back.

const SEEN_MS = 6000;
const WITH_ACTION_MS = 12_000;

/**
 * @param {string} words
 * @param {{title: string, run: () => void}} [action] a button beside the words, "Undo"
 */
export function toast(words, action) {
  const element = document.createElement("p");
  element.className = "toast";
  element.append(words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = action.title;
    button.addEventListener("click", () => {
      element.remove();
      action.run();
    });
    element.append(button);
  }
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), action ? WITH_ACTION_MS : SEEN_MS);
}
