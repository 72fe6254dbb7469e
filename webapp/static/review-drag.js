// Chosen cells, dragged onto a class.

const KIND = "text/x-hematovision-cells";

/**
 * @param {HTMLElement} gallery holds the tiles, and sections with `data-class`
 * @param {HTMLElement} bar holds buttons with `data-class`
 * @param {object} acts
 * @param {(id: number) => boolean} acts.take begins with a cell; false for none to be moved
 * @param {(id: string) => boolean} acts.isClass whether cells can be given the class
 * @param {(id: string) => void} acts.drop gives it
 */
export function offerDrag(gallery, bar, { take, isClass, drop }) {
  let over = null;
  const mark = (target) => {
    over?.classList.remove("over");
    over = target;
    over?.classList.add("over");
  };
  gallery.addEventListener("dragstart", (event) => {
    const tile = event.target.closest?.(".tile");
    if (!tile || !take(Number(tile.dataset.cell))) return event.preventDefault();
    event.dataTransfer.setData(KIND, tile.dataset.cell);
    event.dataTransfer.effectAllowed = "move";
    document.body.classList.add("dragging");
  });
  for (const root of [gallery, bar]) {
    root.addEventListener("dragover", (event) => {
      const target = event.target.closest("[data-class]:not(.tiles)");
      const isOffered = target && isClass(target.dataset.class);
      mark(isOffered ? target : null);
      if (!isOffered || !event.dataTransfer.types.includes(KIND)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
    });
    root.addEventListener("drop", (event) => {
      if (!over || !event.dataTransfer.types.includes(KIND)) return;
      event.preventDefault();
      drop(over.dataset.class);
    });
  }
  document.addEventListener("dragend", () => {
    mark(null);
    document.body.classList.remove("dragging");
  });
}
