// Pictures from everywhere: chosen, dropped anywhere on the page, in folders too, or pasted.

/**
 * Hand on every picture that is given to the page.
 * @param {HTMLFormElement} form the form that works without script
 * @param {(files: File[]) => void} take
 */
export function listen(form, take) {
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  listenForDrops(form.dataset.suffixes.split(" "), take);
  listenForPaste(take);
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
        if (file.name !== "image.png") return file;
        pasted += 1;
        return new File([file], `pasted-${pasted}.png`, { type: file.type });
      }),
    );
  });
}

async function dropped(transfer, suffixes) {
  // Entries must be asked for before the first await: the browser empties the transfer then.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = (await Promise.all(entries.map(walk))).flat();
  return files.filter((file) => suffixes.some((end) => file.name.toLowerCase().endsWith(end)));
}

async function walk(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    // A folder is read in portions, an empty one ends it.
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!portion.length) break;
    inside.push(...portion);
  }
  inside.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (await Promise.all(inside.map(walk))).flat();
}
