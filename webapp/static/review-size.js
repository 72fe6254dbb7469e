// How large tiles are: as it was chosen here before.

import { remember, remembered } from "./remembered.js";

const KEY = "hematovision-review-size";

/** Offer the size, and say when it changes. */
export function offerSize(input, root, changed) {
  const show = () => {
    root.style.setProperty("--tile", `${input.value}px`);
    changed();
  };
  input.value = remembered(KEY) ?? input.value;
  input.addEventListener("input", () => {
    show();
    remember(KEY, input.value);
  });
  show();
}
