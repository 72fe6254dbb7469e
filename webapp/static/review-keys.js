// Keys of the review: one for each class, and those that are listed in the help.

const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
const HELD = new Set([...MOVES, "u", "+", "=", "-"]); // act again while they are held
const WRITES = "input:not([type=radio], [type=range], [type=checkbox]), select, textarea";

/**
 * @param {object} acts what keys do
 * @param {{id: string, key: string}[]} acts.classes
 * @param {HTMLElement} acts.root holds the tiles
 */
export function listenToKeys({ classes, root, ...acts }) {
  const help = document.getElementById("keys");
  const given = new Map(classes.filter((each) => each.key).map((each) => [each.key, each.id]));
  const plain = {
    u: acts.nextUnseen,
    a: acts.whole,
    z: acts.undo,
    "+": () => acts.zoom(1),
    "=": () => acts.zoom(1),
    "-": () => acts.zoom(-1),
    "?": () => help.showModal(),
    Escape: acts.alone,
  };
  const withControl = { z: acts.undo, a: acts.whole };

  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (document.querySelector("dialog[open]") || target.matches?.(WRITES)) return;
    const done = event.altKey ? null : found(event);
    if (!done) return;
    event.preventDefault();
    if (!event.repeat || HELD.has(event.key)) done();
  });

  function found({ key, target, shiftKey, ctrlKey, metaKey }) {
    const letter = key.length === 1 ? key.toLowerCase() : key;
    if (ctrlKey || metaKey) return withControl[letter];
    const isAtTile = root.contains(target) && target.matches(".tile");
    const isNowhere = target === document.body;
    // Other things on the page have these keys themselves.
    if (MOVES.has(key)) {
      return isAtTile || isNowhere ? () => acts.move(key, shiftKey) : null;
    }
    if (key === "Enter" || key === " ") {
      return isAtTile || isNowhere ? () => acts.give(null) : null;
    }
    const id = given.get(letter);
    return id ? () => acts.give(id) : plain[letter];
  }

  document.getElementById("help").addEventListener("click", () => help.showModal());
  help.querySelector("[value=close]").addEventListener("click", () => help.close());
}
