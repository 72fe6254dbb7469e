// One picture to the server, one answer back: what it is, its heat map, or the field it became.

import { askPerson, headersOf, person } from "./person.js";
import { showReached } from "./reach.js";
import { t } from "./text.js";

const TRIES = 8; // when the server is busy

/** A problem that is an answer: it has a code and a sentence for a person. */
export class Problem extends Error {
  /** @param {{code: string, message: string}} answer kept as it is */
  constructor(answer) {
    super(answer.message);
    this.answer = answer;
  }
}

/**
 * Classify a picture.
 * @returns {Promise<object>} the server's document; for the rest see `post`
 */
export async function classify(picture, maxBytes, signal) {
  return (await post("/api/v1/classify", picture, maxBytes, signal)).json();
}

/**
 * Find and name the cells of a whole field.
 * @returns {Promise<object>} the server's document; for the rest see `post`
 */
export async function analyze(picture, maxBytes, signal) {
  return (await post("/api/v1/analyze", picture, maxBytes, signal)).json();
}

/**
 * Keep a whole field, and what is found in it, with a slide.
 * @param {number} slide its id
 * @returns {Promise<object>} the server's document; for the rest see `post`
 */
export async function keepField(slide, picture, maxBytes, signal) {
  return (await post(`/api/v1/slides/${slide}/fields`, picture, maxBytes, signal)).json();
}

/**
 * Draw the heat map of a picture.
 * @returns {Promise<Blob>} a PNG; for the rest see `post`
 */
export async function explain(picture, maxBytes, signal) {
  return (await post("/api/v1/explain", picture, maxBytes, signal)).blob();
}

/**
 * Send a picture, again as long as the server is busy, and when a name was missing.
 * @param {string} path
 * @param {{name: string, file?: Blob, url?: string}} picture its name may hold folders; without a
 *   file it is drawn at the address
 * @param {number} maxBytes what the server takes at most
 * @param {AbortSignal} signal
 * @returns {Promise<Response>}
 * @throws {Problem} what the server says instead, or why it was not asked
 */
async function post(path, { name, file, url }, maxBytes, signal) {
  if (!file) file = await drawn(url, signal);
  // A server hangs up on a larger body, so its own words would not arrive.
  if (file.size > maxBytes) {
    const size = (file.size / 1e6).toFixed(1);
    const limit = maxBytes / 1e6;
    const message = t(
      "{name} has {size} MB, the limit is {limit} MB: export it as JPEG or cut it into parts",
      { name, size, limit },
    );
    throw new Problem({ code: "too_large", message });
  }
  const body = new FormData();
  body.append("images", file, name);
  for (let tried = 1; ; tried += 1) {
    const response = await send(path, name, file, body, signal);
    if (response.status === 503 && response.headers.has("Retry-After") && tried < TRIES) {
      await pause(Number(response.headers.get("Retry-After")), signal);
      continue;
    }
    if (response.ok) return response;
    const { error } = await response.json();
    if (error.code !== "no_person" || !(await askPerson())) throw new Problem(error);
  }
}

async function drawn(url, signal) {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return await response.blob();
  } catch (error) {
    if (signal.aborted) throw error;
    showReached(false);
    const message = t("The drawing has not come ({problem}): check that HematoVision is running", {
      problem: error.message,
    });
    throw new Problem({ code: "unreachable", message });
  }
}

async function send(path, name, file, body, signal) {
  try {
    const response = await fetch(path, {
      method: "POST",
      body,
      signal,
      headers: headersOf(person()),
    });
    showReached(true);
    return response;
  } catch (error) {
    if (signal.aborted) throw error;
    // The browser does not tell which end failed: the server, or the file that was to be read.
    if (!(await canBeRead(file))) {
      const message = t(
        "{name} can no longer be read: check that it is still there, and choose it again",
        { name },
      );
      throw new Problem({ code: "unreadable", message });
    }
    showReached(false);
    const message = t("HematoVision does not answer: check that it is running");
    throw new Problem({ code: "unreachable", message });
  }
}

function canBeRead(file) {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
