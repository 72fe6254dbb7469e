// What scripts say, in the person's language. Texts are written here in English; `{name}` in them
// is filled in. The server's /texts.js holds the translations.

import { forms, language, plural } from "/texts.js";

export { language };

/** A text: t("{name} is not a picture", { name }). */
export function t(text, values = {}) {
  return fill(forms[text]?.[0] ?? text, values);
}

/** A text about a number: tn("{n} picture", "{n} pictures", n). */
export function tn(one, many, n, values = {}) {
  const known = forms[one];
  const text = known ? known[Math.min(plural(n), known.length - 1)] : n === 1 ? one : many;
  return fill(text, { n, ...values });
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
