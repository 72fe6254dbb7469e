// How a camera is, in the person's language.

import { language, t } from "./text.js";

const STATES = {
  closed: t("Choose a camera."),
  opening: t("The camera is opened."),
  open: t("The camera is open."),
  lost: t("The camera is lost: it is tried again."),
  ended: t("The recording has ended: open it again to see it from the beginning."),
};
const PROBLEMS = {
  camera_missing: t("The camera cannot be reached: check that it is plugged in and on, and its address."),
  camera_busy: t("Another program has the camera: close that program."),
  camera_denied: t("The camera may not be used from here: check its name and password, or your rights."),
  camera_lost: t("The camera has stopped sending pictures: check its cable; it is tried again."),
  camera_stream: t("The address sends no stream of pictures: look for another one in the camera's manual."),
};

/**
 * Say a state of the server's camera; the server's own words name more, but are English.
 * @param {{state: string, message: string, error: {code: string} | null}} camera
 * @returns {{state: string, message: string}}
 */
export function told({ state, message, error }) {
  if (language === "en") return { state, message };
  return { state, message: error ? (PROBLEMS[error.code] ?? message) : STATES[state] };
}
