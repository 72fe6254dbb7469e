// The exact 95 % interval of a share (Clopper and Pearson), as runtime/intervals.py gives it.

const TAIL = 0.025;
const HALVINGS = 60;

/** @returns {[number, number]} shares between which k of n lie with 95 % */
export function interval(k, n) {
  if (!n) return [0, 1];
  const low = k ? root((p) => atLeast(k, n, p) - TAIL) : 0;
  const high = k < n ? root((p) => TAIL - (1 - atLeast(k + 1, n, p))) : 1;
  return [low, high];
}

/** Where a rising function crosses zero between 0 and 1. */
function root(rising) {
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Chance of k or more of n at a share of p. */
function atLeast(k, n, p) {
  let logTerm = n * Math.log1p(-p); // of no one
  let sum = 0;
  for (let i = 0; i <= n; i += 1) {
    if (i >= k) sum += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}
