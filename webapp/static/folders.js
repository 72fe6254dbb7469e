// What is dropped, folders too, as pictures: {name, file}, or {name, problem} for what cannot be read.

import { t } from "./text.js";

const HIDDEN = ".";

/**
 * Find every picture that was dropped. As on the command line, files are taken as they are, a folder
 * yields what is named like a picture, and one without any is answered too.
 * @param {DataTransfer} transfer
 * @param {string[]} suffixes of pictures, in lower case
 */
export async function dropped(transfer, suffixes) {
  // All must be asked for before the first await: the browser empties the transfer then.
  const given = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile())
    .filter(Boolean);
  const isPicture = ({ name }) => isNamedPicture(name, suffixes);
  const found = await Promise.all(given.map((one) => take(one, isPicture)));
  return given.length ? found.flat() : [refused(t("Drop"), "no_images", nothing())];
}

function nothing() {
  return t("Nothing was dropped that can be read: drop pictures, or folders of them");
}

async function take(given, isPicture) {
  if (given instanceof File) return [{ name: given.name, file: given }];
  if (given.isFile) return [await open(given)];
  const found = await walk(given, isPicture);
  return found.length ? found : [empty(given)];
}

async function open(entry) {
  try {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return { name: path(entry), file };
  } catch (error) {
    return unreadable(entry, error);
  }
}

async function walk(folder, isPicture) {
  const inside = [];
  const failed = [];
  try {
    const reader = folder.createReader();
    for (;;) {
      // A folder is read in portions, an empty one ends it.
      const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!portion.length) break;
      inside.push(...portion);
    }
  } catch (error) {
    failed.push(unreadable(folder, error));
  }
  inside.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const files = inside.filter((entry) => entry.isFile && isPicture(entry));
  const folders = inside.filter((entry) => entry.isDirectory && !entry.name.startsWith(HIDDEN));
  const found = await Promise.all([
    ...files.map(open),
    ...folders.map((entry) => walk(entry, isPicture)),
  ]);
  return [...found.flat(), ...failed];
}

function path(entry) {
  return entry.fullPath.slice(1);
}

function unreadable(entry, error) {
  const name = path(entry);
  const message = t(
    "{name} cannot be read ({problem}): check that it is still there, and its permissions",
    { name, problem: error.name },
  );
  return refused(name, "unreadable", message);
}

function empty(folder) {
  return noPictures(path(folder));
}

/** What is said of a folder without pictures. */
export function noPictures(name) {
  const message = t(
    "{name} is a folder in which no picture can be found (JPEG, PNG, BMP, TIFF, WebP): check the folder and its permissions",
    { name },
  );
  return refused(name, "no_images", message);
}

/** Whether a file is named like a picture that is no hidden one. */
export function isNamedPicture(name, suffixes) {
  return !name.startsWith(HIDDEN) && suffixes.some((end) => name.toLowerCase().endsWith(end));
}

function refused(name, code, message) {
  return { name, problem: { code, message } };
}
