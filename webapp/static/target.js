// The target of a slide: a usual number of white cells, or another one that is typed.

/** Show the box for another number while that is chosen. */
export function offerTarget(form) {
  const own = form.elements.own;
  for (const radio of form.elements.target) {
    radio.addEventListener("change", () => {
      own.hidden = radio.value !== "own";
      own.required = !own.hidden;
      if (!own.hidden) own.focus();
    });
  }
}

/** Show a target as chosen. */
export function showTarget({ elements: { target, own } }, cells) {
  const usual = [...target].some((radio) => radio.value === String(cells));
  target.value = usual ? String(cells) : "own";
  own.hidden = usual;
  own.required = !usual;
  own.value = usual ? "" : cells;
}

/** @returns {number} white cells */
export function targetOf(form) {
  const { target, own } = form.elements;
  return Number(target.value === "own" ? own.value : target.value);
}
