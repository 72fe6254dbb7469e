// Results as files, made in the browser: nothing about them is kept on the server.

/** The server's own documents, one a picture; where it gave none, the source and the error. */
export function toJson(items) {
  const documents = items.filter((item) => item.document).map((item) => item.document);
  return `${JSON.stringify({ schema: "hematovision.session/1", documents }, null, 2)}\n`;
}

/**
 * The table of `classify --csv`; the first bytes tell Excel that it is UTF-8.
 * @param {object[]} items
 * @param {string[]} classIds the columns of probabilities
 */
export function toCsv(items, classIds) {
  const head = ["source", "width", "height", "label", "confidence", "status"];
  const rows = items
    .filter((item) => item.result)
    .map(({ result }) => [
      ...head.map((key) => result[key]),
      ...classIds.map((id) => result.probabilities?.[id]),
      result.error?.message,
    ]);
  const table = [[...head, ...classIds, "error"], ...rows];
  return `\ufeff${table.map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

/** Save a text as a file whose name tells the date and time. */
export function save(ending, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  const time = new Date().toLocaleString("sv").replace(/\D/g, ""); // Swedish is written like ISO
  link.download = `hematovision-${time.slice(0, 8)}-${time.slice(8, 12)}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function field(value) {
  if (typeof value === "number") return String(value);
  // A spreadsheet would run a text that begins like a formula.
  const text = String(value ?? "").replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
