// Drawn cells and fields to try the page with; they take the same way as every other picture.

import { showReached } from "./reach.js";

const SEEDS = 1_000_000;
const FIELD = "field"; // the sample that is a whole field

/** @param {(picture: {name: string, url: string, drawn: string, kind: string}) => void} take */
export function offerDrawings(take) {
  const buttons = [...document.querySelectorAll("#samples button")];
  let draws = 0;
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { label, seed, drawn } = button.dataset;
      const name = `drawing-${label}-${seed}.${ending(label)}`;
      take({ name, url: address(label, seed), drawn, kind: label === FIELD ? "field" : "cell" });
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
  return `/samples/${label}.${ending(label)}?seed=${seed}`;
}

function ending(label) {
  return label === FIELD ? "jpg" : "png";
}
