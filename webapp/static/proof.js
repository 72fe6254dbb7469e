// What proves to the server that a write comes from this page, where somebody has signed in.

const SAFE = new Set([undefined, "GET", "HEAD"]);
let token = document.querySelector("meta[name=csrf]")?.content ?? "";

/** @returns {Record<string, string>} the headers of a request that prove it */
export function proofOf(method) {
  return token && !SAFE.has(method) ? { "X-CSRF-Token": token } : {};
}

/**
 * Ask for the proof anew: in another window the same person may have signed in again.
 * @returns {Promise<boolean>} whether it is another one
 */
export async function renewProof() {
  const before = token;
  const response = await fetch("/api/v1/session");
  if (response.ok) token = (await response.json()).csrf ?? token;
  return token !== before;
}
