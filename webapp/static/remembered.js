// What was chosen here before. Storage may be forbidden: a choice then lasts as long as its page.

/** @returns {string | null} null where nothing is known */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See above.
  }
}
