// Fields and their cells in words, wherever they are shown.

import { t, tn } from "./text.js";

/** What is wrong with a field, and what to do; a code that is new here in the server's words. */
export function reasonWords({ code, message }) {
  const known = {
    out_of_focus: t("Out of focus: turn the fine focus."),
    too_dark: t("Too dark: raise the lamp or the camera's exposure."),
    too_bright: t("Too bright: lower the lamp or the camera's exposure."),
    color_cast: t("Colors cannot be told: set the camera's white balance on bare glass."),
    too_thick: t("Too thick, red cells lie on one another: move towards the end of the smear."),
    too_thin: t("Hardly any cells: move towards the beginning of the smear, or to another field."),
    no_cells: t("No blood cells found: focus on the smear, or move to another field."),
  };
  return known[code] ?? message;
}

/**
 * What the model calls a white cell.
 * @param {(id: string) => string} titleOf a class
 */
export function cellName({ classification: { status, label } }, titleOf) {
  return status === "unfamiliar" ? t("Unfamiliar") : titleOf(label);
}

/** How large a cell is; nothing where the scale is not known. */
export function sizeWords({ diameter_um: diameter, touches_edge: isCut }) {
  if (diameter === null) return "";
  const values = { size: diameter.toFixed(1) };
  return isCut
    ? t("{size} µm across, cut off by the edge", values)
    : t("{size} µm across", values);
}

/**
 * What is told beside a differential, a sentence each.
 * @param {{nrbc: number, unclassified: number}} found
 */
export function besideWords({ nrbc, unclassified }) {
  const words = [];
  if (unclassified) {
    words.push(tn("{n} white cell is of no class.", "{n} white cells are of no class.", unclassified));
  }
  if (nrbc) {
    words.push(tn("{n} nucleated red cell is beside.", "{n} nucleated red cells are beside.", nrbc));
  }
  return words;
}
