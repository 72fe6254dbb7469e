// The page of a slide: fields come in, the differential grows, and it is signed in the end.

import { ask } from "./api.js";
import { Arrivals } from "./arrivals.js";
import { dialogFor } from "./dialogs.js";
import { Follower } from "./follow.js";
import { askPerson } from "./person.js";
import { removeFields, showFields } from "./shots.js";
import { offerTarget, showTarget, targetOf } from "./target.js";
import { t, tn } from "./text.js";
import { toast } from "./toast.js";

const by = (id) => document.getElementById(id);
const { id, edition } = by("slide").dataset;
const path = `/api/v1/slides/${id}`;
const follower = new Follower(path, `/slides/${id}`, Number(edition), { onNews, onTrouble });
let reached = by("slide").querySelector(".progress.done") !== null;

function onNews({ by_person: { counted }, target }) {
  const wasReached = reached;
  reached = counted >= target;
  if (reached && !wasReached) toast(t("The target is reached: {counted} white cells", { counted }));
}

function onTrouble(message) {
  by("trouble").hidden = !message;
  if (by("trouble").textContent !== message) by("trouble").textContent = message;
}

/** @param {object} field that was kept */
async function onAdded(field) {
  await follower.look();
  const values = { name: field.source };
  const n = field.counts.wbc ?? 0;
  if (field.usable) say(tn("{name}: {n} white cell", "{name}: {n} white cells", n, values));
  else say(t("{name} is left out of the differential", values));
}

function say(words) {
  by("announcer").textContent = words;
}

/** The slide as it was seen here: what another has changed since is not written over. */
function seen() {
  return follower.slide?.edition ?? Number(edition);
}

function titleOf(classId) {
  const found = follower.slide?.classes.find((each) => each.id === classId);
  return t(found?.title ?? classId);
}

const askToSign = dialogFor("sign", async () => {
  await ask("POST", `${path}/signatures`, undefined, seen());
  location.reload();
});
if (location.hash === "#sign") {
  history.replaceState(null, "", location.pathname); // it is asked for once
  askToSign();
}
dialogFor("reopen", async ({ elements: { reason } }) => {
  await ask("POST", `${path}/revisions`, { reason: reason.value }, seen());
  location.reload();
});
dialogFor("delete", async ({ elements: { reason } }) => {
  await follower.leave(() => ask("DELETE", path, { reason: reason.value }, seen()));
  location.assign("/slides");
});
let opened; // what the dialog showed at first, and of which slide
dialogFor(
  "edit",
  async (form) => {
    const held = valuesOf(form);
    const changes = Object.entries(held).filter(([key, value]) => value !== opened.values[key]);
    if (!changes.length) return;
    await follower.look();
    // Fields that came meanwhile are in nobody's way; another's change of the same is.
    const isFree = changes.every(([key]) => follower.slide?.[key] === opened.slide?.[key]);
    const changed = Object.fromEntries(changes);
    await ask("PATCH", path, changed, isFree ? seen() : opened.edition);
    await follower.look();
  },
  (form) => {
    const { slide } = follower;
    if (slide) {
      form.elements.label.value = slide.label;
      form.elements.note.value = slide.note;
      showTarget(form, slide.target);
    }
    opened = { slide, edition: seen(), values: valuesOf(form) };
  },
);

function valuesOf(form) {
  const { label, note } = form.elements;
  return { label: label.value, note: note.value, target: targetOf(form) };
}
const edit = document.querySelector("#edit form");
if (edit) offerTarget(edit);

by("other-person")?.addEventListener("click", askPerson);
document.addEventListener("person", ({ detail }) => {
  const signer = document.querySelector(".signer");
  if (signer) signer.textContent = detail;
});

const intake = by("intake");
showFields(Number(by("slide").dataset.maxBytes), titleOf);
if (intake) new Arrivals(Number(id), intake, onAdded);
removeFields(() => follower.look());
follower.follow();
