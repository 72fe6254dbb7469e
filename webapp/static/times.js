// Times as people read them, in their own zone; the server writes them in UTC.

import { language } from "./text.js";

const written = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

/** @param {ParentNode} part of the page */
export function showTimes(part = document) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    time.title = time.textContent;
    time.textContent = written.format(new Date(time.dateTime));
  }
}
