// A picture with boxes over it that can be zoomed and moved: by wheel, fingers, mouse and keys. The
// view is the SVG's viewBox, so that picture and boxes can never part; lines keep their width.

const CLOSEST_PX = 24; // pixels of the picture across the view at the closest
const STEP = 1.4; // of one key, button or notch
const MOVE = 0.15; // of the view, of one arrow key
const CLOSE = 2.2; // from this zoom on small letters have room
const LETTER_PX = 13;
const HIGHEST = "74vh"; // the stage
const BAR_SHARE = 0.28; // of the view, the longest scale bar
const BARS_UM = [200, 100, 50, 20, 10, 5, 2, 1];

export class Overlay {
  #stage;
  #scene;
  #size = { width: 1, height: 1 };
  #view = { x: 0, y: 0, width: 1 };
  #umPerPx = null;
  #fingers = new Map();

  /** @param {HTMLElement} stage holds the scene and the scale bar */
  constructor(stage) {
    this.#stage = stage;
    this.#scene = stage.querySelector(".scene");
    stage.addEventListener("keydown", (event) => this.#key(event));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => this.#fingers.delete(event.pointerId));
    }
    new ResizeObserver(() => this.#draw()).observe(stage);
  }

  /** Show a picture of so many pixels, at so many micrometers a pixel if that is known. */
  show(width, height, umPerPx) {
    this.#size = { width, height };
    this.#umPerPx = umPerPx;
    // The stage has the picture's shape, so that one scale holds across and down.
    this.#stage.style.aspectRatio = `${width} / ${height}`;
    this.#stage.style.maxWidth = `calc(${HIGHEST} * ${width / height})`;
    const image = this.#scene.querySelector("image");
    image.setAttribute("width", width);
    image.setAttribute("height", height);
    this.fit();
  }

  fit() {
    this.#view = { x: 0, y: 0, width: this.#size.width };
    this.#draw();
  }

  /** Zoom by a factor around a point of the stage, its middle if none is given. */
  zoom(factor, at = { x: this.#stage.clientWidth / 2, y: this.#stage.clientHeight / 2 }) {
    const { width } = this.#view;
    const next = Math.min(this.#size.width, Math.max(CLOSEST_PX, width / factor));
    const scale = (width - next) / this.#stage.clientWidth;
    this.#view = {
      x: this.#view.x + at.x * scale,
      y: this.#view.y + at.y * scale,
      width: next,
    };
    this.#draw();
  }

  zoomIn() {
    this.zoom(STEP);
  }

  zoomOut() {
    this.zoom(1 / STEP);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { width } = this.#view;
    const keys = {
      "+": () => this.zoomIn(),
      "=": () => this.zoomIn(),
      "-": () => this.zoomOut(),
      0: () => this.fit(),
      ArrowLeft: () => this.#pan(-MOVE * width, 0),
      ArrowRight: () => this.#pan(MOVE * width, 0),
      ArrowUp: () => this.#pan(0, -MOVE * width),
      ArrowDown: () => this.#pan(0, MOVE * width),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  #wheel(event) {
    // Two fingers on a touch pad come as a wheel with Ctrl; a bare wheel moves the page.
    if (!event.ctrlKey && !this.#stage.contains(document.activeElement)) return;
    event.preventDefault();
    const box = this.#stage.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 120 : 400)), at);
  }

  #down(event) {
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  #move(event) {
    if (!event.buttons) this.#fingers.delete(event.pointerId); // let go outside
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    const perPx = this.#view.width / this.#stage.clientWidth;
    if (other) {
      const box = this.#stage.getBoundingClientRect();
      const at = { x: (now.x + other.x) / 2 - box.left, y: (now.y + other.y) / 2 - box.top };
      const gap = (point) => Math.hypot(point.x - other.x, point.y - other.y);
      this.zoom(gap(now) / Math.max(1, gap(before)), at);
    } else if (this.isZoomed) {
      this.#pan((before.x - now.x) * perPx, (before.y - now.y) * perPx);
    }
    this.#fingers.set(event.pointerId, now);
  }

  get isZoomed() {
    return this.#view.width < this.#size.width;
  }

  #pan(x, y) {
    this.#view = { ...this.#view, x: this.#view.x + x, y: this.#view.y + y };
    this.#draw();
  }

  #draw() {
    const { width, height } = this.#size;
    const view = this.#view;
    const viewHeight = (view.width * height) / width;
    view.x = Math.min(Math.max(0, view.x), width - view.width);
    view.y = Math.min(Math.max(0, view.y), height - viewHeight);
    this.#scene.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${viewHeight}`);
    const shown = this.#stage.clientWidth;
    if (!shown) return; // not on the page yet
    this.#scene.querySelector(".boxes").style.fontSize = `${(LETTER_PX * view.width) / shown}px`;
    this.#stage.classList.toggle("zoomed", this.isZoomed);
    this.#stage.classList.toggle("close", width / view.width >= CLOSE);
    this.#measure(shown);
  }

  /** Draw the longest round scale bar that has room. */
  #measure(shown) {
    const bar = this.#stage.querySelector(".scale-bar");
    bar.hidden = !this.#umPerPx;
    if (!this.#umPerPx) return;
    const pxPerUm = shown / this.#view.width / this.#umPerPx;
    const length = BARS_UM.find((um) => um * pxPerUm <= shown * BAR_SHARE) ?? BARS_UM.at(-1);
    bar.querySelector("i").style.width = `${length * pxPerUm}px`;
    bar.querySelector("span").textContent = `${length} µm`;
  }
}
