// Which cameras there are, at the device and in this browser, and which one is chosen.

import { ask } from "./api.js";

const by = (id) => document.getElementById(id);

export class SourcePicker {
  #choose;
  #chosen = "";

  /** @param {(source: string, isOpen?: boolean) => void} choose called with "" for none */
  constructor(choose) {
    this.#choose = choose;
  }

  /** List the cameras, and go on with the one that is open already. */
  async start() {
    const source = by("source");
    source.addEventListener("change", () => {
      by("address").hidden = source.value !== "other";
      if (source.value === "other") by("address-text").focus();
      else this.#take(source.value);
    });
    source.addEventListener("focus", () => this.#list());
    by("address").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take(by("address-text").value.trim());
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#list());
    await this.#list();
    const open = await ask("GET", "/api/v1/camera").catch(() => null);
    // Another page may be sending from the browser's camera: it is chosen here by hand alone.
    if (open?.source && open.source !== "browser") {
      this.#mark(open.source);
      this.#choose(open.source, true);
    }
  }

  /** Show that none is chosen here any more. */
  forget() {
    this.#chosen = by("source").value = "";
  }

  #take(source) {
    this.#chosen = source;
    this.#choose(source);
  }

  #mark(source) {
    this.#chosen = source;
    const options = [...by("source").options];
    if (!options.some((option) => option.value === source)) {
      by("device-cameras").append(new Option(source, source));
    }
    by("source").value = source;
    by("address").hidden = true;
  }

  async #list() {
    const at = await ask("GET", "/api/v1/cameras").catch(() => ({ cameras: [] }));
    fill(
      by("device-cameras"),
      at.cameras.map(({ source, name }) => [source, `${name} (${source})`]),
      [...by("device-cameras").children].filter((option) => option.value === this.#chosen),
    );
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const cameras = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
    const named = cameras.map(({ deviceId, label }) => [`browser:${deviceId}`, label || "Camera"]);
    fill(by("browser-cameras"), [["browser", "This computer's camera"], ...named], []);
    const value = this.#chosen;
    if ([...by("source").options].some((option) => option.value === value)) by("source").value = value;
  }
}

function fill(group, cameras, kept) {
  const options = cameras.map(([value, text]) => new Option(text, value));
  const more = kept.filter((option) => !cameras.some(([value]) => value === option.value));
  group.replaceChildren(...options, ...more);
  group.hidden = !group.children.length;
}
