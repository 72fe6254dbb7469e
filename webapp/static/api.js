// Questions to the server: an answer, or an error in its words. Each goes out under the name that
// the page shows. What is refused because nobody has said who is working asks for the name, and
// then goes on.

import { askPerson, headersOf, person } from "./person.js";
import { t } from "./text.js";

const TRIES = 8; // when the server is busy

/** What the server says instead of an answer. */
export class Refused extends Error {
  /** @param {object} problem @param {number} waitS after which it may be asked again, if it says so */
  constructor({ code, message }, waitS = 0) {
    super(message);
    this.code = code;
    this.waitS = waitS;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object | Blob} [body] sent as JSON, or a picture as it is
 * @param {number} [edition] that was seen of what is written to; refused as `changed` after another
 * @param {string} [by] who did it, if that may be another than is shown by now
 * @returns {Promise<object | null>} null where the server has nothing to say
 * @throws {Refused} also when nothing answers, with the code `unreachable`
 */
export async function ask(method, path, body, edition, by) {
  const isPicture = body instanceof Blob;
  const headers = {};
  if (body) headers["Content-Type"] = isPicture ? body.type : "application/json";
  if (edition !== undefined) headers["If-Match"] = `"${edition}"`;
  for (;;) {
    const sent = isPicture || !body ? body : JSON.stringify(body);
    const named = { ...headers, ...headersOf(by ?? person()) };
    const { response, answer } = await reach(async () => {
      const response = await fetch(path, { method, body: sent, headers: named });
      return { response, answer: response.status === 204 ? null : await response.json() };
    });
    if (response.ok) return answer;
    if (answer.error.code !== "no_person" || !(await askPerson())) {
      throw new Refused(answer.error, Number(response.headers.get("Retry-After")));
    }
  }
}

/** As `ask`, again while the server is busy with other pictures. */
export async function askPatiently(...asked) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask(...asked);
    } catch (problem) {
      if (problem.code !== "busy" || tried === TRIES) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 1000 * problem.waitS));
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
    const { response, problem } = await reach(async () => {
      const response = await fetch(`${this.#path}${query}`, { headers, signal });
      const isRefused = !response.ok && response.status !== 304;
      return { response, problem: isRefused ? (await response.json()).error : null };
    });
    if (problem) throw new Refused(problem);
    if (response.status === 304) return null;
    this.#tag = response.headers.get("ETag");
    return response;
  }
}

/** Ask and read what is answered; an answer that breaks off is as good as none. */
async function reach(asked) {
  try {
    return await asked();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const message = t("HematoVision does not answer: check that it is running; it is tried again.");
    throw new Refused({ code: "unreachable", message });
  }
}
