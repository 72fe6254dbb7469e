// One picture to the server, one answer back: what it is, its heat map, or the field it became.

import { patiently, send } from "./api.js";
import { Refused, reach } from "./reach.js";
import { t } from "./text.js";

const json = (response) => response.json();
const blob = (response) => response.blob();

/**
 * Classify a picture.
 * @returns {Promise<object>} the server's document; for the rest see `post`
 */
export function classify(picture, maxBytes, signal) {
  return post("/api/v1/classify", picture, maxBytes, signal, json);
}

/**
 * Find and name the cells of a whole field.
 * @returns {Promise<object>} the server's document; for the rest see `post`
 */
export function analyze(picture, maxBytes, signal) {
  return post("/api/v1/analyze", picture, maxBytes, signal, json);
}

/**
 * Keep a whole field, and what is found in it, with a slide.
 * @param {number} slide its id
 * @returns {Promise<object>} the server's document; for the rest see `post`
 */
export function keepField(slide, picture, maxBytes, signal) {
  return post(`/api/v1/slides/${slide}/fields`, picture, maxBytes, signal, json);
}

/**
 * Draw the heat map of a picture.
 * @returns {Promise<Blob>} a PNG; for the rest see `post`
 */
export function explain(picture, maxBytes, signal) {
  return post("/api/v1/explain", picture, maxBytes, signal, blob);
}

/**
 * Have a picture drawn that browsers do not show, once for all who ask.
 * @returns {Promise<Blob>} a PNG; for the rest see `post`
 */
export function preview(picture, maxBytes) {
  picture.shown ??= post("/api/v1/preview", picture, maxBytes, undefined, blob).catch((problem) => {
    picture.shown = undefined;
    throw problem;
  });
  return picture.shown;
}

/** Whether a picture is of the kind that is read here and shown by no browser but one. */
export function isTiff({ name, file }) {
  return file?.type === "image/tiff" || /\.tiff?$/i.test(name);
}

/**
 * Send a picture, again as long as the server is busy, and when a name was missing.
 * @param {string} path
 * @param {{name: string, file?: Blob, url?: string}} picture its name may hold folders; without a
 *   file it lies at the address
 * @param {number} maxBytes what the server takes at most
 * @param {AbortSignal} [signal]
 * @param {(response: Response) => Promise<any>} read what is answered
 * @throws {Refused} what the server says instead, or why it was not asked
 */
async function post(path, { name, file, url }, maxBytes, signal, read) {
  file ??= await fetched(url, signal);
  // A server hangs up on a larger body, so its own words would not arrive.
  if (file.size > maxBytes) {
    const size = (file.size / 1e6).toFixed(1);
    const limit = maxBytes / 1e6;
    const message = t(
      "{name} has {size} MB, the limit is {limit} MB: export it as JPEG or cut it into parts",
      { name, size, limit },
    );
    throw new Refused({ code: "too_large", message });
  }
  // When sending fails, no browser tells which end it was: the server, or the file.
  if (!(await canBeRead(file))) {
    const message = t(
      "{name} can no longer be read: check that it is still there, and choose it again",
      { name },
    );
    throw new Refused({ code: "unreadable", message });
  }
  const body = new FormData();
  body.append("images", file, name);
  return patiently(() => send(path, { method: "POST", body, signal }, read), signal);
}

async function fetched(url, signal) {
  try {
    return await reach(url, { signal }, blob);
  } catch (error) {
    if (!["unreachable", "internal"].includes(error.code)) throw error;
    const message = t("The picture has not come: check that HematoVision is running");
    throw new Refused({ code: "unreachable", message });
  }
}

function canBeRead(file) {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}
