// The page Live: one camera, its newest picture as large as it can be, and what is found in it.

import { Newest, ask, patiently } from "./api.js";
import { Captures } from "./live-captures.js";
import { Counts } from "./live-counts.js";
import { FocusMeter } from "./live-focus.js";
import { Scope } from "./live-scope.js";
import { Session } from "./live-session.js";
import { SourcePicker } from "./live-sources.js";
import { listenToKeys } from "./live-keys.js";
import { t, tn } from "./text.js";
import { toast } from "./toast.js";

const by = (id) => document.getElementById(id);

/** Keeps captured pictures as its fields, if one is named. */
const slide = new URLSearchParams(location.search).get("slide");

const classes = JSON.parse(by("live").dataset.classes);
const scope = new Scope(by("scope"), classes);
const focus = new FocusMeter();
const counts = new Counts(classes);
const captures = new Captures();
const session = new Session(scope.canvas, { onPicture, onLook, onState, onOther });
const picker = new SourcePicker(open);
let told = "";

function onPicture() {
  scope.pictureCame();
  focus.see(scope.canvas);
}

function onLook({ camera, look, counted, problem }) {
  scope.show(look, problem);
  counts.show(counted, look);
  by("white-state").textContent = camera.white_reference ? t("on") : t("off");
  by("white-clear").hidden = !camera.white_reference;
}

/** @param {{state: string, message: string}} state of the camera, or of the way to it */
function onState(state) {
  scope.tell(state);
  const runs = state.state === "open";
  by("capture").disabled = by("white-take").disabled = !session.hasPicture;
  by("pause").disabled = state.state === "closed";
  const words = runs ? t("Camera open") : state.message;
  if (words !== told) announce((told = words));
}

function onOther() {
  scope.clear();
  picker.forget();
}

/** @param {boolean} isOpen whether the server has opened it already */
async function open(source, isOpen = false) {
  problem("source-problem", "");
  focus.reset();
  counts.show(null, null);
  scope.clear();
  try {
    await session.open(source, isOpen);
  } catch (error) {
    problem("source-problem", error.message);
  }
}

async function capture() {
  if (by("capture").disabled) return;
  try {
    if (slide) await captureForSlide();
    else {
      const { name, picture } = await session.capture();
      scope.flash();
      announce(captures.add(name, picture));
    }
  } catch (error) {
    toast(error.message); // a hint over the picture would give way to the next look
  }
}

/** Only what the slide has taken is shown as captured, and in the very picture that it keeps. */
async function captureForSlide() {
  await session.hand();
  scope.flash();
  const wish = { slide: Number(slide) };
  const { results, slide: after, known } = await patiently(() => ask("POST", "/api/v1/camera/captures", wish));
  const [field] = results;
  if (known.length) throw new Error(t("The slide has this very picture already: move to another field"));
  announce(added(field));
  by("slide-count").textContent = t("{n} of {target} white cells", {
    n: after.by_person.counted,
    target: after.target,
  });
  if (!field.picture_kept) return;
  const kept = await new Newest(`/api/v1/fields/${field.id}/picture`).next();
  captures.add(field.source, await kept.blob());
}

/** What a capture has added to its slide. */
function added({ counts, usable }) {
  if (!usable) return t("The field was added, but cannot be counted");
  const n = counts.wbc ?? 0;
  return tn("The field was added: {n} white cell", "The field was added: {n} white cells", n);
}

async function white(method) {
  by("white-take").disabled = true;
  try {
    await ask(method, "/api/v1/camera/white-reference");
    problem("white-problem", "");
    announce(method === "POST" ? t("White reference taken") : t("White reference cleared"));
  } catch (error) {
    problem("white-problem", error.message);
  }
  by("white-take").disabled = false;
}

async function pause() {
  const paused = session.pause(!session.paused);
  by("pause").setAttribute("aria-pressed", paused);
  announce(paused ? t("Paused") : t("Goes on"));
  if (!paused) return;
  // The boxes were of an earlier picture than the one that stays.
  scope.show(null, null);
  try {
    const { results } = await ask("POST", "/api/v1/analyze", await session.picture());
    if (session.paused) scope.show({ result: results[0] }, null);
  } catch (error) {
    scope.hint(error.message);
  }
}

function toggleBoxes() {
  by("boxes-shown").setAttribute("aria-pressed", scope.toggleBoxes());
}

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else by("scope").requestFullscreen();
}

function problem(id, words) {
  by(id).hidden = !words;
  by(id).textContent = words;
}

function announce(words) {
  by("announcer").textContent = words;
}

by("capture").addEventListener("click", capture);
by("pause").addEventListener("click", pause);
by("boxes-shown").addEventListener("click", toggleBoxes);
by("full").addEventListener("click", toggleFull);
by("full").hidden = !document.fullscreenEnabled;
by("focus-reset").addEventListener("click", () => focus.reset());
by("anew").addEventListener("click", () => {
  ask("DELETE", "/api/v1/camera/count").catch((error) => scope.hint(error.message));
});
by("white-take").addEventListener("click", () => white("POST"));
by("white-clear").addEventListener("click", () => white("DELETE"));
document.addEventListener("fullscreenchange", () => {
  by("full").setAttribute("aria-pressed", Boolean(document.fullscreenElement));
});
listenToKeys({ " ": capture, p: () => by("pause").disabled || pause(), b: toggleBoxes, f: toggleFull });
picker.start();
