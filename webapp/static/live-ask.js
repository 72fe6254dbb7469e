// Questions to the server about the camera: an answer, or an error in its words.

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
 * @returns {Promise<object>}
 * @throws {Refused} also when nothing answers, with the code `unreachable`
 */
export async function ask(method, path, body) {
  const isPicture = body instanceof Blob;
  const type = isPicture ? body.type : "application/json";
  const response = await reach(path, {
    method,
    body: isPicture || !body ? body : JSON.stringify(body),
    headers: body ? { "Content-Type": type } : {},
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}

/** Asks for the newest of something, and is answered when it differs from what came before. */
export class Newest {
  #path;
  #tag = "";

  constructor(path) {
    this.#path = path;
  }

  /**
   * @param {number} wait seconds, at most 2
   * @param {AbortSignal} [signal]
   * @returns {Promise<Response | null>} null for nothing new
   */
  async next(wait, signal) {
    const headers = this.#tag ? { "If-None-Match": this.#tag } : {};
    const response = await reach(`${this.#path}?wait=${wait}`, { headers, signal });
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
    const message = "HematoVision does not answer: check that it is running; it is tried again.";
    throw new Refused({ code: "unreachable", message });
  }
}
