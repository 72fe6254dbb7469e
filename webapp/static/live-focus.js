// How sharp the picture is beside the sharpest so far; measured as `quality.focus` of the runtime.

import { t } from "./text.js";

const ROWS = 48; // pairs of rows that are looked at
const FINEST_PX = 960; // columns that are kept, so that noise of large sensors is averaged
const EVERY_MS = 100;
const SCALE = 1000; // for people
const ROOM = 1.1; // the bar ends a little beyond the sharpest

const by = (id) => document.getElementById(id);

/**
 * The mean squared step between neighboring columns over the squared mean light.
 * @param {HTMLCanvasElement} canvas
 */
export function focusOf(canvas) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const together = Math.max(1, Math.floor(width / FINEST_PX));
  const columns = Math.floor(width / together);
  let [steps, light] = [0, 0];
  for (let row = 0; row < ROWS; row += 1) {
    const top = Math.floor((row * (height - 2)) / (ROWS - 1));
    const { data } = context.getImageData(0, top, width, 2);
    let before = NaN;
    for (let column = 0; column < columns; column += 1) {
      let sum = 0;
      for (let x = column * together; x < (column + 1) * together; x += 1) {
        for (const at of [4 * x, 4 * (x + width)]) {
          sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
        }
      }
      const level = sum / (2 * together);
      light += level;
      if (column) steps += (level - before) ** 2;
      before = level;
    }
  }
  const mean = light / (ROWS * columns);
  return mean && columns > 1 ? steps / (ROWS * (columns - 1)) / mean ** 2 : 0;
}

export class FocusMeter {
  #best = 0;
  #seen = -Infinity;

  reset() {
    this.#best = 0;
    by("focus-now").textContent = by("focus-best").textContent = "–";
    by("focus-bar").style.width = "0";
    by("focus-peak").style.left = "0";
  }

  /** Measure the picture, unless the one before was measured just now. */
  see(canvas) {
    if (performance.now() - this.#seen < EVERY_MS || canvas.height < 2) return;
    this.#seen = performance.now();
    const now = focusOf(canvas);
    this.#best = Math.max(this.#best, now);
    const full = ROOM * this.#best || 1;
    by("focus-bar").style.width = `${(100 * now) / full}%`;
    by("focus-peak").style.left = `${(100 * this.#best) / full}%`;
    by("focus-now").textContent = (SCALE * now).toFixed(2);
    by("focus-best").textContent = (SCALE * this.#best).toFixed(2);
    const share = this.#best ? Math.round((100 * now) / this.#best) : 0;
    by("focus").setAttribute("aria-valuenow", share);
    by("focus").setAttribute("aria-valuetext", t("{share} % of the sharpest so far", { share }));
  }
}
