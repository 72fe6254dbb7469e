// A camera that is looked through: pictures onto a canvas, and what the server finds in them.
//
// Two loops run beside each other, each asking for the newest and never for what was missed: one
// for pictures (from the server, or from this browser's camera, which sends them to the server),
// one for looks. Both rest while the page is hidden or paused, and go on through any loss.

import { Newest, ask } from "./api.js";
import { BrowserCamera } from "./live-browser.js";
import { told } from "./live-words.js";
import { t } from "./text.js";

const WAIT_S = 1.5; // for something new
const AGAIN_MS = 700; // after an error
const ANSWERED_MS = 2500; // how long a look at a sent picture is waited for
const QUALITY = 0.92; // of the JPEG pictures that are sent

export class Session {
  #canvas;
  #context;
  #listener;
  #source; // as the server calls what is open
  #running = null; // AbortController of the loops
  #camera = null; // this browser's, if that is the source
  #known = null; // how the camera is, whether that is shown or the pause
  #lookedAt = 0; // number of the newest picture that was looked at
  #wakers = new Set();
  paused = false;
  hasPicture = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{onPicture: () => void, onLook: (document: object) => void,
   *   onState: (state: {state: string, message: string}) => void, onOther: () => void}} listener
   */
  constructor(canvas, listener) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => this.#wake());
    addEventListener("pagehide", () => this.#camera?.stop());
  }

  /**
   * Open a source in place of the one before.
   * @param {string} source "" closes, `browser:ID` is this browser's
   * @param {boolean} isOpen whether the server has opened it already
   */
  async open(source, isOpen) {
    this.#leave(t("Choose a camera."));
    if (!source) return void (await ask("DELETE", "/api/v1/camera"));
    const running = (this.#running = new AbortController());
    const [kind, id] = source.startsWith("browser") ? ["browser", source.slice(8)] : [source];
    this.#tell({ state: "opening", message: t("The camera is opened.") });
    const reopen = () => ask("PUT", "/api/v1/camera", { source: kind });
    this.#source = isOpen ? kind : (await reopen()).source;
    if (running.signal.aborted) return;
    if (kind === "browser") {
      this.#camera = new BrowserCamera(id, (state) => this.#tell(state));
      this.#loop(running.signal, this.#sending(), reopen);
    } else {
      this.#loop(running.signal, this.#receiving(running.signal), reopen);
    }
    this.#loop(running.signal, this.#looking(running.signal), reopen);
  }

  /** @returns {boolean} whether it is paused now */
  pause(paused) {
    this.paused = paused;
    if (paused) this.#tell({ state: "paused", message: t("Paused.") });
    else if (this.#known) this.#tell(this.#known);
    this.#wake();
    return paused;
  }

  /** @returns {Promise<Blob>} what is seen now */
  picture() {
    return new Promise((resolve) => this.#canvas.toBlob(resolve, "image/jpeg", QUALITY));
  }

  /** Let the server have what is seen now. */
  async hand() {
    if (this.#camera) await this.#send();
  }

  /** @returns {Promise<{name: string, picture: Blob}>} the newest picture as the server has it */
  async capture() {
    await this.hand();
    const response = await new Newest("/api/v1/camera/frame").next(0);
    const name = `capture-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}.jpg`;
    return { name, picture: await response.blob() };
  }

  #leave(message) {
    this.#running?.abort();
    this.#camera?.stop();
    this.#camera = null;
    this.hasPicture = false;
    this.#tell({ state: "closed", message });
  }

  async #loop(signal, step, reopen) {
    let unreached = false;
    while (!signal.aborted) {
      await this.#awake(signal);
      if (signal.aborted) return;
      try {
        if (unreached) await reopen(); // the server was started anew
        unreached = false;
        await step();
      } catch (error) {
        if (signal.aborted) return;
        unreached = error.code === "unreachable";
        // What the camera lacks is told by the looks, each time anew.
        if (unreached) this.#tell({ state: "lost", message: error.message });
        else if (!error.code) console.error(error);
        await pause(AGAIN_MS);
      }
    }
  }

  #receiving(signal) {
    const frames = new Newest("/api/v1/camera/frame");
    return async () => {
      const response = await frames.next(WAIT_S, signal);
      if (response === null) return;
      const picture = await createImageBitmap(await response.blob());
      this.#draw(picture, picture.width, picture.height);
      picture.close();
    };
  }

  #sending() {
    let looking = null;
    return async () => {
      const { video, width, height } = await this.#camera.next();
      this.#draw(video, width, height);
      // The next picture is sent when this one was looked at: never a queue.
      looking ??= this.#send()
        .then((frame) => this.#looked(frame))
        .catch((error) => error.code === "unreachable" || console.warn(error.message))
        .finally(() => (looking = null));
    };
  }

  async #send() {
    return (await ask("POST", "/api/v1/camera/frame", await this.picture())).frame;
  }

  #looking(signal) {
    const looks = new Newest("/api/v1/camera/look");
    return async () => {
      const response = await looks.next(WAIT_S, signal);
      if (response === null) return;
      const document = await response.json();
      if (signal.aborted) return;
      const { source } = document.camera;
      if (source && source !== this.#source) {
        this.#leave(t("Another page has opened another camera: choose one to take its place."));
        return this.#listener.onOther();
      }
      this.#lookedAt = document.look?.frame ?? 0;
      this.#wake();
      // Of its own camera the browser knows more, and earlier.
      if (!this.#camera) this.#tell((this.#known = told(document.camera)));
      if (!this.paused) this.#listener.onLook(document);
    };
  }

  async #looked(frame) {
    const end = performance.now() + ANSWERED_MS;
    while (this.#lookedAt < frame && performance.now() < end) await this.#woken(end);
  }

  #draw(source, width, height) {
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#context.drawImage(source, 0, 0, width, height);
    const isFirst = !this.hasPicture;
    this.hasPicture = true;
    if (isFirst && this.#known) this.#tell(this.#known);
    this.#listener.onPicture();
  }

  #tell(state) {
    if (state.state !== "paused") this.#known = state;
    if (!this.paused || state.state === "paused") this.#listener.onState(state);
  }

  async #awake(signal) {
    while ((document.hidden || this.paused) && !signal.aborted) {
      await this.#woken(performance.now() + 1000);
    }
  }

  #woken(end) {
    return new Promise((resolve) => {
      this.#wakers.add(resolve);
      setTimeout(resolve, Math.max(0, end - performance.now()));
    });
  }

  #wake() {
    for (const waker of this.#wakers) waker();
    this.#wakers.clear();
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
