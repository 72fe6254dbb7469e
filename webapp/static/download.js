// Results as files, made in the browser: nothing about them is kept on the server.

/** The document of the API, over all pictures that have been answered or refused. */
export function toJson(items) {
  const done = items.filter((item) => item.result);
  const results = done.map((item) => item.result);
  const counts = {};
  for (const { error, label } of results) if (!error) counts[label] = (counts[label] ?? 0) + 1;
  const refused = results.filter((result) => result.error).length;
  const whole = {
    schema: "hematovision.classify/1",
    model: done.find((item) => item.model)?.model ?? null,
    results,
    summary: { answered: results.length - refused, refused, counts },
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** A row a picture, a column a class; the first bytes tell Excel that it is UTF-8. */
export function toCsv(items) {
  const done = items.filter((item) => item.result);
  const classes = Object.keys(done.find((item) => !item.result.error)?.result.probabilities ?? {});
  const head = ["source", "label", "confidence", ...classes, "total_ms", "model", "error"];
  const rows = done.map(({ result, model }) => [
    result.source,
    result.label,
    result.confidence,
    ...classes.map((id) => result.probabilities?.[id]),
    result.ms?.total,
    model && `${model.name} ${model.version} ${model.variant}`,
    result.error?.message,
  ]);
  return `\ufeff${[head, ...rows].map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

export function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function field(value) {
  if (typeof value === "number") return String(value);
  // A spreadsheet would run a text that begins like a formula.
  const text = String(value ?? "").replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
