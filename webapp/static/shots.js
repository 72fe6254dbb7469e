// The fields of a slide: one is shown large with its boxes, as on the page Analyze, and one is
// removed once a person has agreed.

import { ask } from "./api.js";
import { closeByButton, dialogFor } from "./dialogs.js";
import { FieldCard } from "./field-card.js";
import { explain } from "./pictures.js";
import { t, tn } from "./text.js";

const dialog = document.getElementById("field-dialog");
const problem = dialog.querySelector(".error");
let card;

/**
 * @param {number} maxBytes that the server takes for a heat map's picture
 * @param {(id: string) => string} titleOf a class that a person can give
 */
export function showFields(maxBytes, titleOf) {
  document.addEventListener("click", (event) => {
    const shot = event.target.closest("[data-field]");
    if (shot) show(shot, maxBytes, titleOf);
  });
  closeByButton(dialog);
  dialog.addEventListener("close", () => {
    card?.remove();
    card = undefined;
  });
}

async function show({ dataset: { field, kept, name } }, maxBytes, titleOf) {
  const path = `/api/v1/fields/${field}`;
  card?.remove();
  card = new FieldCard(
    { name, url: kept ? `${path}/picture` : undefined },
    { explain: (picture, signal) => explain(picture, maxBytes, signal) },
  );
  dialog.querySelector("h2").textContent = name;
  dialog.querySelector(".field-place").replaceChildren(card.element);
  problem.hidden = true;
  dialog.showModal();
  const shown = card;
  try {
    const { analysis, white_cells: cells } = await ask("GET", path);
    if (shown === card) card.show(known(analysis, cells, titleOf, Boolean(kept)));
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

/** Put what persons have called the cells beside what the model says of them, and their pictures. */
function known(analysis, stored, titleOf, isKept) {
  const numbered = new Map(stored.map((cell) => [cell.number, cell]));
  const cells = analysis.cells.map((cell) => {
    const told = numbered.get(cell.id);
    const url = told && isKept ? `/api/v1/cells/${told.id}/picture` : undefined;
    const title = told?.given ? titleOf(told.given) : undefined;
    return { ...cell, title, url };
  });
  return { ...analysis, cells };
}

/**
 * Offer to remove fields.
 * @param {() => Promise<void>} onRemoved
 */
export function removeFields(onRemoved) {
  let chosen;
  const open = dialogFor(
    "remove",
    async () => {
      await ask("DELETE", `/api/v1/fields/${chosen.removes}`);
      await onRemoved();
    },
    (form) => {
      const { number, cells } = chosen;
      form.querySelector("h2").textContent = t("Remove field {number}?", { number });
      form.querySelector(".told").textContent = tn(
        "Its {n} white cell is no longer counted, and what was said of it stays in the audit.",
        "Its {n} white cells are no longer counted, and what was said of them stays in the audit.",
        Number(cells),
      );
    },
  );
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-removes]");
    if (!button) return;
    chosen = button.dataset;
    open();
  });
}
