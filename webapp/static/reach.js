// One question to the server: what it answers, or its error in its own words. Whether it answers at
// all is told at the top of the page.

import { proofOf, renewProof } from "./proof.js";
import { t } from "./text.js";

/** What the server says instead of an answer, or why it was not asked. */
export class Refused extends Error {
  /**
   * @param {{code: string, message: string}} problem kept as it is
   * @param {number} waitS after which the server may be asked again, if it says so
   */
  constructor(problem, waitS = 0) {
    super(problem.message);
    this.told = problem;
    this.code = problem.code;
    this.waitS = waitS;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @param {(response: Response) => Promise<any>} [read] what is answered; one that breaks off is as
 *   good as none
 * @returns {Promise<any>} what was read; the response itself where it is `304`, nothing new
 * @throws {Refused} also when nothing answers, with the code `unreachable`
 */
export async function reach(path, options = {}, read = async (response) => response) {
  let response, answer;
  try {
    response = await send(path, options);
    if (response.status === 304) answer = response;
    else answer = await (response.ok ? read(response) : problemOf(response));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    showReached(false);
    const message = t("HematoVision does not answer: check that it is running");
    throw new Refused({ code: "unreachable", message });
  }
  showReached(true);
  showSignedIn(response.status !== 401);
  if (response.ok || response.status === 304) return answer;
  throw new Refused(answer, Number(response.headers.get("Retry-After")));
}

async function send(path, options) {
  const sent = () => {
    const headers = { ...options.headers, ...proofOf(options.method) };
    return fetch(path, { ...options, headers });
  };
  const response = await sent();
  if (response.status !== 403 || !(await isOfAnotherSession(response))) return response;
  return (await renewProof()) ? sent() : response;
}

async function isOfAnotherSession(response) {
  return (await problemOf(response.clone())).code === "no_csrf";
}

/** Offer to sign in again once the session has ended; what is not saved yet stays on the page. */
function showSignedIn(isSignedIn) {
  const offer = document.getElementById("signed-out");
  if (offer) offer.hidden = isSignedIn;
}

/** Tell at the top of the page whether the server answers. */
export function showReached(isReached) {
  document.getElementById("model").hidden = !isReached;
  document.getElementById("unreached").hidden = isReached;
}

async function problemOf(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  if (isJson) return (await response.json()).error;
  return { code: "internal", message: `${response.status} ${response.statusText}` }; // of a page
}
