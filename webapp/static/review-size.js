// How large tiles are: as it was chosen here before.

const KEY = "hematovision-review-size";

/** Offer the size, and say when it changes. */
export function offerSize(input, root, changed) {
  const show = () => {
    root.style.setProperty("--tile", `${input.value}px`);
    changed();
  };
  try {
    input.value = localStorage.getItem(KEY) ?? input.value;
  } catch {
    // Storage may be forbidden: the size then lasts as long as the page.
  }
  input.addEventListener("input", () => {
    show();
    try {
      localStorage.setItem(KEY, input.value);
    } catch {
      // As above.
    }
  });
  show();
}
