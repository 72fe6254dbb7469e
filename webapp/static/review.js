// The review of a slide: its parts put together, and what keys, clicks and drags do.

import { askPerson } from "./person.js";
import { Acts } from "./review-acts.js";
import { Cells, UNFAMILIAR } from "./review-cells.js";
import { Choice } from "./review-choice.js";
import { ClassBar } from "./review-classes.js";
import { Detail } from "./review-detail.js";
import { offerDrag } from "./review-drag.js";
import { Gallery } from "./review-gallery.js";
import { listenToKeys } from "./review-keys.js";
import { pagesOf } from "./review-load.js";
import { progressOf, progressWords, showProgress } from "./review-progress.js";
import { offerSize } from "./review-size.js";
import { Titles } from "./review-titles.js";
import { offerWhole } from "./review-whole.js";
import { t, tn } from "./text.js";
import { toast } from "./toast.js";

const find = (id) => document.getElementById(id);
const told = JSON.parse(find("review").dataset.told);
const root = find("gallery");
let { person } = told;
let isOpen = told.is_open && told.may_review;
let isLoaded = false;

const titles = new Titles(told.classes);
const cells = new Cells(told.classes.map((each) => each.id));
const gallery = new Gallery(root, cells, titles);
const detail = new Detail(cells, titles, (cell) => choice.at(cell));
const choice = new Choice(gallery, cells, () => {
  detail.show(choice.focused);
  bar.tell(choice.chosen);
});
const acts = new Acts(told.slide, cells, {
  held,
  waits,
  saved: () => gallery.markUnsaved(acts.unsaved),
  givenBack,
  refused,
  loaded,
});
const bar = new ClassBar({ give: act, confirm: () => act(null), undo });
const askWhole = offerWhole(titles);

/** Give the chosen cells a class, null confirms, and go on to the next cell. */
function act(given) {
  if (!isOpen) return toast(find("read-only").firstChild.textContent.trim());
  if (!person) return askPerson().then((isTold) => isTold && act(given));
  const chosen = choice.inOrder;
  if (!chosen.length) return;
  const next = following(chosen);
  const words = given === null ? t("Confirmed") : titles.title(given);
  acts.review(chosen, given, person).then((isKept) => isKept && say(words, chosen.length));
  go(next ?? chosen.at(-1));
}

/** The next cell that nobody has seen, else one without a class. */
function following(chosen) {
  const order = choice.order;
  const from = order.indexOf(chosen.at(-1)) + 1;
  const others = [...order.slice(from), ...order.slice(0, from)].filter(
    (cell) => !choice.chosen.has(cell),
  );
  return others.find((cell) => !cell.seen) ?? others.find((cell) => cell.named === UNFAMILIAR);
}

/** Look at a cell, or where the filter hides it at what is there instead. */
function go(cell) {
  if (gallery.isShown(cell)) return choice.at(cell);
  const [first] = choice.order;
  choice.at(first ?? null);
  if (first) return;
  find(find("next").hidden ? "nothing" : "next").focus();
}

function undo() {
  if (!isOpen) return;
  if (!person) return askPerson().then((isTold) => isTold && undo());
  const { back, kept } = acts.undo(person);
  if (back.length) givenBack(back, kept);
}

/** @param {Promise<boolean>} [kept] whether the server has undone it too */
function givenBack(back, kept = Promise.resolve(true)) {
  kept.then((isKept) => isKept && say(t("Undone"), back.length));
  const first = choice.order.find((cell) => back.includes(cell));
  if (first) choice.at(first);
}

function nextUnseen() {
  const order = choice.order;
  const from = order.indexOf(choice.focused) + 1;
  const next = [...order.slice(from), ...order.slice(0, from)].find((cell) => !cell.seen);
  if (next) choice.at(next);
}

async function whole(id) {
  const unseen = cells.group(id).filter((cell) => !cell.seen);
  const confirmed = await askWhole(id, unseen);
  if (!confirmed.length || !(person || (await askPerson()))) return;
  const kept = [];
  // The server takes a thousand at once.
  for (let start = 0; start < confirmed.length; start += told.most_cells) {
    kept.push(acts.review(confirmed.slice(start, start + told.most_cells), null, person));
  }
  choice.at(choice.focused);
  nextUnseen();
  if (!(await Promise.all(kept)).every(Boolean)) return;
  say(t("Confirmed"), confirmed.length);
  toast(tn("{n} cell confirmed", "{n} cells confirmed", confirmed.length), {
    title: t("Undo"),
    run: undo,
  });
}

/** What was done holds no more: nothing that is told may say that it does. */
function refused({ message, isUndo }, isChoice = false) {
  find("announcer").textContent = "";
  const words = isChoice ? t("Not saved. {problem}", { problem: message }) : message;
  toast(words, isUndo && { title: t("Undo"), run: undo });
}

function held(changed) {
  for (const cell of changed) gallery.update(cell);
  gallery.markUnsaved(acts.unsaved);
  count();
}

function count() {
  gallery.count();
  bar.count((id) => cells.group(id).length);
  if (isLoaded) showProgress(progressOf(cells), isOpen);
  find("nothing").hidden = !isLoaded || choice.order.length > 0;
  find("nothing").firstElementChild.textContent = cells.size
    ? t("No cell is left here.")
    : t("This slide has no white cells yet: take or add fields first.");
}

function say(words, n) {
  const progress = progressWords(progressOf(cells));
  const line = tn("{n} cell: {words}. {progress}.", "{n} cells: {words}. {progress}.", n, {
    words,
    progress,
  });
  find("announcer").textContent = line;
}

function waits(problem) {
  gallery.markUnsaved(acts.unsaved);
  root.classList.toggle("waiting", Boolean(problem));
  find("unsaved").hidden = !problem;
  if (!problem) return;
  const words = tn(
    "{n} choice is not saved yet. {problem}",
    "{n} choices are not saved yet. {problem}",
    acts.waiting,
    { problem: problem.message },
  );
  find("unsaved").firstElementChild.textContent = words;
}

/** Everything has come anew, because somebody else has written. */
function loaded(slide, isOthers) {
  const looked = choice.focused?.id;
  const hadFocus = root.contains(document.activeElement) || document.activeElement === document.body;
  gallery.clear();
  gallery.draw(cells.all);
  isOpen = slide.status === "open" && told.may_review;
  open();
  const cell = cells.get(looked);
  choice.at(cell && gallery.isShown(cell) ? cell : (choice.order[0] ?? null), { focuses: hadFocus });
  count();
  gallery.markUnsaved(acts.unsaved);
  if (isOthers) toast(t("This slide was changed elsewhere: it is shown as it is now."));
}

function open() {
  find("read-only").hidden = isOpen;
  find("classes").hidden = !isOpen;
  root.classList.toggle("read-only", !isOpen);
}

function filter(only) {
  gallery.only = only;
  const url = new URL(location.href);
  if (only) url.searchParams.set("only", only);
  else url.searchParams.delete("only");
  history.replaceState(null, "", url);
  const stays = choice.focused && gallery.isShown(choice.focused);
  choice.at(stays ? choice.focused : (choice.order[0] ?? null), { focuses: false });
  count();
}

function listen() {
  root.addEventListener("click", (event) => {
    const button = event.target.closest(".whole");
    if (button) return whole(button.closest(".group").dataset.class);
    const tile = event.target.closest(".tile");
    if (!tile) return;
    const cell = cells.get(Number(tile.dataset.cell));
    if (event.shiftKey) choice.upTo(cell);
    else if (event.ctrlKey || event.metaKey || bar.isSeveral) choice.toggle(cell);
    else choice.at(cell);
  });
  let isPressed = false;
  root.addEventListener("pointerdown", () => {
    isPressed = true;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => {
      isPressed = false;
    });
  }
  root.addEventListener("focusin", (event) => {
    const tile = event.target.closest(".tile");
    // What is pressed with the mouse is chosen by its click, perhaps beside others.
    if (isPressed || !tile?.matches(":focus-visible")) return;
    const cell = cells.get(Number(tile.dataset.cell));
    if (cell !== choice.focused) choice.at(cell, { focuses: false });
  });
  for (const radio of document.querySelectorAll("#filters input")) {
    radio.addEventListener("change", () => filter(radio.value));
  }
  find("show-unidentified").addEventListener("click", () => {
    find("only-unidentified").checked = true;
    filter("unidentified");
    choice.at(choice.order[0] ?? null);
  });
  find("retry").addEventListener("click", () => acts.retry());
  document.addEventListener("person", ({ detail: name }) => {
    if (person && name !== person) acts.forget();
    person = name;
    acts.retry();
  });
  offerSize(find("size"), root, () => gallery.forgetColumns());
  offerDrag(root, find("classes"), {
    take(id) {
      const cell = cells.get(id);
      if (isOpen && !choice.chosen.has(cell)) choice.at(cell);
      return isOpen;
    },
    isClass: (id) => told.classes.some((each) => each.id === id),
    drop: act,
  });
  listenToKeys({
    classes: told.classes,
    root,
    give: act,
    undo,
    nextUnseen,
    move: (key, extends_) => choice.move(key, extends_),
    whole: () => choice.whole(),
    alone: () => choice.focused && choice.at(choice.focused),
    zoom: (step) => detail.zoom(step),
  });
}

async function load() {
  for await (const page of pagesOf(told.slide.id)) {
    cells.add(page);
    gallery.draw(page);
    if (!choice.focused && choice.order.length) choice.at(choice.order[0]);
    count();
  }
  isLoaded = true;
  root.setAttribute("aria-busy", "false");
  count();
}

gallery.only = told.only;
listen();
open();
load().catch(({ message }) => toast(message, { title: t("Load again"), run: () => location.reload() }));
