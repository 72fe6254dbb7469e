// Questions to the server: an answer, or an error in its words. What is refused because nobody has
// said who is working asks for the name, and then goes on.

import { askPerson } from "./person.js";
import { t } from "./text.js";

/** What the server says instead of an answer. */
export class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object | Blob} [body] sent as JSON, or a picture as it is
 * @param {number} [edition] that was seen of what is written to; refused as `changed` after another
 * @returns {Promise<object | null>} null where the server has nothing to say
 * @throws {Refused} also when nothing answers, with the code `unreachable`
 */
export async function ask(method, path, body, edition) {
  const isPicture = body instanceof Blob;
  const headers = {};
  if (body) headers["Content-Type"] = isPicture ? body.type : "application/json";
  if (edition !== undefined) headers["If-Match"] = `"${edition}"`;
  for (;;) {
    const sent = isPicture || !body ? body : JSON.stringify(body);
    const response = await reach(path, { method, body: sent, headers });
    if (response.status === 204) return null;
    const answer = await response.json();
    if (response.ok) return answer;
    if (answer.error.code !== "no_person" || !(await askPerson())) throw new Refused(answer.error);
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
    if (!response.ok) throw new Refused((await response.json()).error);
    this.#tag = response.headers.get("ETag");
    return response;
  }
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const message = t("HematoVision does not answer: check that it is running; it is tried again.");
    throw new Refused({ code: "unreachable", message });
  }
}
