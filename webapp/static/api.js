// Questions under the name that the page shows. What is refused because nobody has said who is
// working asks for the name, and then goes on.

import { askPerson, headersOf, person } from "./person.js";
import { reach } from "./reach.js";

const TRIES = 8; // when the server is busy

/**
 * @param {string} method
 * @param {string} path
 * @param {object | Blob} [body] sent as JSON, or a picture as it is
 * @param {number} [edition] that was seen of what is written to; refused as `changed` after another
 * @param {string} [by] who did it, if that may be another than is shown by now
 * @returns {Promise<object | null>} null where the server has nothing to say
 * @throws {Refused} as `reach`
 */
export function ask(method, path, body, edition, by) {
  const isPicture = body instanceof Blob;
  const headers = {};
  if (body) headers["Content-Type"] = isPicture ? body.type : "application/json";
  if (edition !== undefined) headers["If-Match"] = `"${edition}"`;
  const sent = isPicture || !body ? body : JSON.stringify(body);
  const read = (response) => (response.status === 204 ? null : response.json());
  return send(path, { method, headers, body: sent }, read, by);
}

/** As `reach`, under a name: the one that is shown, unless another is given. */
export async function send(path, options, read, by) {
  for (;;) {
    const headers = { ...options.headers, ...headersOf(by ?? person()) };
    try {
      return await reach(path, { ...options, headers }, read);
    } catch (problem) {
      if (problem.code !== "no_person" || !(await askPerson())) throw problem;
    }
  }
}

/**
 * Ask again while the server is busy with other pictures.
 * @param {() => Promise<any>} asked
 * @param {AbortSignal} [signal]
 */
export async function patiently(asked, signal) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await asked();
    } catch (problem) {
      if (problem.code !== "busy" || tried === TRIES) throw problem;
      await pause(problem.waitS, signal);
    }
  }
}

/** Asks for the newest of something, and is answered when it differs from what came before. */
export class Newest {
  #path;
  #tag = "";

  constructor(path) {
    this.#path = path;
  }

  /**
   * @param {number} wait seconds that the server may wait for something new, at most 2
   * @param {AbortSignal} [signal]
   * @returns {Promise<Response | null>} null for nothing new
   */
  async next(wait = 0, signal = undefined) {
    const headers = this.#tag ? { "If-None-Match": this.#tag } : {};
    const query = wait ? `?wait=${wait}` : "";
    const response = await reach(`${this.#path}${query}`, { headers, signal });
    if (response.status === 304) return null;
    this.#tag = response.headers.get("ETag");
    return response;
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
