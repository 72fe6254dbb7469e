// Drawn cells to try the page with; they take the same way as every other picture.

import { showReached } from "./reach.js";

const SEEDS = 1_000_000;

/** @param {(picture: {name: string, url: string, drawn: string}) => void} take */
export function offerDrawings(take) {
  const buttons = [...document.querySelectorAll("#samples button")];
  let draws = 0;
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { label, seed, drawn } = button.dataset;
      take({ name: `drawing-${label}-${seed}.png`, url: address(label, seed), drawn });
    });
  }
  document.getElementById("redraw").addEventListener("click", async () => {
    draws += 1;
    const draw = draws;
    const isLatest = () => draw === draws;
    const isDone = Promise.all(buttons.map((button) => redraw(button, isLatest)));
    showReached(await isDone.then(() => true, () => false));
  });
}

/** Show another drawing once it has come; until then, or without a server, the old one stays. */
async function redraw(button, isLatest) {
  const seed = Math.floor(Math.random() * SEEDS);
  const drawing = new Image();
  drawing.src = address(button.dataset.label, seed);
  await drawing.decode();
  if (!isLatest()) return;
  button.dataset.seed = seed;
  button.querySelector("img").src = drawing.src;
}

function address(label, seed) {
  return `/samples/${label}.png?seed=${seed}`;
}
