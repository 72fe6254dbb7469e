// Pictures from everywhere: chosen, dropped anywhere on the page, in folders too, or pasted.

import { dropped, isNamedPicture, noPictures } from "./folders.js";

/**
 * Hand on every picture that is given to the page.
 * @param {HTMLFormElement} form the form that works without script
 * @param {(pictures: {name: string, file?: File, problem?: object}[]) => void} take
 */
export function listen(form, take) {
  const input = document.getElementById("files");
  input.required = false; // that is for the form without script
  input.addEventListener("change", () => {
    take([...input.files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
    input.value = ""; // so that the same file can be chosen again
  });
  const suffixes = form.dataset.suffixes.split(" ");
  listenForFolder(document.getElementById("folder"), suffixes, take);
  form.addEventListener("submit", (event) => event.preventDefault());
  listenForDrops(suffixes, take);
  listenForPaste(take);
}

function listenForFolder(input, suffixes, take) {
  input.addEventListener("change", () => {
    const path = (file) => file.webkitRelativePath || file.name;
    const pictures = [...input.files]
      .filter((file) => path(file).split("/").every((part) => !part.startsWith(".")))
      .filter((file) => isNamedPicture(file.name, suffixes))
      .sort((a, b) => path(a).localeCompare(path(b), undefined, { numeric: true }));
    const folder = input.files[0] ? path(input.files[0]).split("/")[0] : "";
    input.value = "";
    if (pictures.length) take(pictures.map((file) => ({ name: path(file), file })));
    else if (folder) take([noPictures(folder)]);
  });
}

function listenForDrops(suffixes, take) {
  const root = document.documentElement;
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way

  function cover(change) {
    depth = Math.max(0, depth + change);
    root.classList.toggle("dragging", depth > 0);
  }

  document.addEventListener("dragenter", (event) => holdsFiles(event) && cover(1));
  document.addEventListener("dragleave", (event) => holdsFiles(event) && cover(-1));
  document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    cover(-depth);
    take(await dropped(event.dataTransfer, suffixes));
  });
}

function listenForPaste(take) {
  let pasted = 0;
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    // Browsers call every picture from the clipboard "image.png".
    take(
      files.map((file) => {
        if (file.name !== "image.png") return { name: file.name, file };
        pasted += 1;
        return { name: `pasted-${pasted}.png`, file };
      }),
    );
  });
}
