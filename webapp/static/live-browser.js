// The camera of this browser's computer: opened, lost, found again; each trouble in words.

import { t } from "./text.js";

const AGAIN_MS = 2000; // between attempts where no event tells that a camera is there
const FRAME_MS = 1000; // how long a picture is waited for before the camera is looked at anew
const WIDE_PX = 1920; // asked for; a camera gives what it can

const WORDS = {
  NotAllowedError: t(
    "This browser does not allow the camera: allow it beside the address of this page; it is then opened by itself.",
  ),
  NotFoundError: t("This computer has no camera: plug one in; it is then opened by itself."),
  OverconstrainedError: t(
    "The camera that was chosen is not there: plug it in, it is then opened by itself, or choose another one.",
  ),
  NotReadableError: t(
    "The camera is in use or does not answer: close other programs that show it, or plug it in again; it is tried again.",
  ),
};
const UNPLUGGED = t("The camera was unplugged: plug it in again; it is then opened by itself.");
export const NOT_HERE = t(
  "Browsers open their camera only for pages at localhost or with https: open this page as localhost on the computer that has the camera, or choose a camera of the device.",
);

export class BrowserCamera {
  #id;
  #onState;
  #video = document.createElement("video");
  #stream = null;
  #stopped = false;
  #found = () => {};

  /**
   * @param {string} id of the camera; "" takes the browser's choice
   * @param {(state: {state: string, message: string}) => void} onState
   */
  constructor(id, onState) {
    this.#id = id;
    this.#onState = onState;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.changed = () => this.#found();
    navigator.mediaDevices?.addEventListener("devicechange", this.changed);
  }

  /** Wait for the next picture, through any loss. */
  async next() {
    while (!this.#stopped) {
      if (!this.#isLive() && !(await this.#open())) {
        await this.#change();
        continue;
      }
      if (await this.#picture()) {
        const { videoWidth: width, videoHeight: height } = this.#video;
        if (width) return { video: this.#video, width, height };
      }
    }
    throw new DOMException("closed", "AbortError");
  }

  stop() {
    this.#stopped = true;
    this.#release();
    this.#found();
    navigator.mediaDevices?.removeEventListener("devicechange", this.changed);
  }

  #isLive() {
    const track = this.#stream?.getVideoTracks()[0];
    if (track?.readyState === "live") return true;
    if (track) this.#onState({ state: "lost", message: UNPLUGGED });
    return false;
  }

  async #open() {
    if (!navigator.mediaDevices) {
      this.#onState({ state: "lost", message: NOT_HERE });
      return false;
    }
    this.#release();
    const device = this.#id ? { deviceId: { exact: this.#id } } : {};
    try {
      const video = { ...device, width: { ideal: WIDE_PX } };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (this.#stopped) return this.#release();
      this.#video.srcObject = this.#stream;
      await this.#video.play();
    } catch (error) {
      const message = WORDS[error.name] ?? `${WORDS.NotReadableError} (${error.message})`;
      if (!this.#stopped) this.#onState({ state: "lost", message });
      return false;
    }
    this.#onState({ state: "open", message: t("The camera is open.") });
    return true;
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    return false;
  }

  /** Wait until a camera may be there again: told by the browser, or after a while. */
  #change() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, AGAIN_MS);
      this.#found = () => (clearTimeout(timer), resolve());
    });
  }

  #picture() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), FRAME_MS);
      this.#video.requestVideoFrameCallback(() => (clearTimeout(timer), resolve(true)));
    });
  }
}
