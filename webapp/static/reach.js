// Whether the server answers, told at the top of the page.

export function showReached(isReached) {
  document.getElementById("model").hidden = !isReached;
  document.getElementById("unreached").hidden = isReached;
}
