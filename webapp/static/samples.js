// Drawn cells to try the page with; they take the same way as every other picture.

const SEEDS = 1_000_000;

/** @param {(file: File) => void} take */
export function offerDrawings(take) {
  const buttons = [...document.querySelectorAll("#samples button")];
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const { label, seed } = button.dataset;
      const response = await fetch(address(button));
      const drawing = await response.blob();
      take(new File([drawing], `drawing-${label}-${seed}.png`, { type: drawing.type }));
    });
  }
  document.getElementById("redraw").addEventListener("click", () => {
    for (const button of buttons) {
      button.dataset.seed = Math.floor(Math.random() * SEEDS);
      button.querySelector("img").src = address(button);
    }
  });
}

function address({ dataset: { label, seed } }) {
  return `/samples/${label}.png?seed=${seed}`;
}
