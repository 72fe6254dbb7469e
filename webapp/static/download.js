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
  return table([[...head, ...classIds, "error"], ...rows]);
}

const FIELD = ["source", "width", "height", "um_per_px", "scale_source"];
const CELL = ["id", "kind", "x0", "y0", "x1", "y1", "score", "touches_edge", "diameter_um"];
const NAMED = ["label", "confidence", "status"];

/** The table of `analyze --csv`: a row a cell, one for each field without any. */
export function toCellCsv(items) {
  const rows = items.filter((item) => item.result).flatMap(({ result }) => cellRows(result));
  return table([[...FIELD, "usable", ...CELL, ...NAMED, "note"], ...rows]);
}

function cellRows(result) {
  const blank = [...CELL, ...NAMED].map(() => "");
  if (result.error) {
    return [[result.source, ...FIELD.map(() => ""), ...blank, result.error.message]];
  }
  const note = result.quality.reasons.map((reason) => reason.message).join("; ");
  const field = [...FIELD.map((key) => result[key]), Number(result.quality.usable)];
  if (!result.cells.length) return [[...field, ...blank, note]];
  return result.cells.map((cell) => {
    const [x0, y0, x1, y1] = cell.box;
    const told = { ...cell, x0, y0, x1, y1, touches_edge: Number(cell.touches_edge) };
    const named = NAMED.map((key) => cell.classification?.[key]);
    return [...field, ...CELL.map((key) => told[key]), ...named, note];
  });
}

function table(rows) {
  return `\ufeff${rows.map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

/** Save a text as a file whose name tells the date and time, and which part of them it is. */
export function save(ending, type, text, part = "") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  const time = new Date().toLocaleString("sv").replace(/\D/g, ""); // Swedish is written like ISO
  link.download = `hematovision-${time.slice(0, 8)}-${time.slice(8, 12)}${part}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function field(value) {
  if (typeof value === "number") return String(value);
  // A spreadsheet would run a text that begins like a formula; signs as in runtime/table.py.
  const text = String(value ?? "").replace(/^(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
