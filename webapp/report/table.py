"""A record as CSV tables that a double click opens: its cells, and its differential.

RFC 4180: commas, quotes doubled, lines that end with CR LF. UTF-8 that begins with a byte order
mark, because Excel reads a table without one in the system's old encoding and spoils every name
that is not English; LibreOffice, pandas and Python's `utf-8-sig` read it either way. Text that a
spreadsheet would run as a formula begins with an apostrophe, as in the tables of the command line.
Each row says what it is a part of, so that tables of many slides can be put below each other.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from runtime.answers import to_json
from runtime.cell_table import NAMED
from runtime.differential import Share
from runtime.table import plain
from webapp.record import RESEARCH_USE, Beside, Count, SlideRecord, value_of

SLIDE: Final = ("slide", "slide_label", "revision", "record_status")
CELLS: Final = (
    *SLIDE,
    *("field", "source", "id", "x0", "y0", "x1", "y1"),
    *NAMED,
    *("given", "seen_by", "seen_at", "use"),
)
VALUES: Final = ("n", "value", "low", "high")
DIFFERENTIAL: Final = (
    *SLIDE,
    *("class", "title", "unit"),
    *(f"{who}_{value}" for who in ("person", "model") for value in VALUES),
    "use",
)
PERCENT, PER_100, NO_UNIT = "%", "/100 WBC", ""


def cells_csv(record: SlideRecord) -> bytes:
    """Write a row for each white cell: where it is, what the model said and what the person."""
    sources = {field.id: field.source for field in record.fields}
    rows = []
    for cell in record.cells:
        told = to_json(cell)
        seen = told["seen"] or {"by": "", "at": ""}
        rows.append(
            [
                *(cell.field, sources.get(cell.field, ""), cell.id),
                *told["box"],
                *(told[name] for name in NAMED),
                *(told["given"], seen["by"], seen["at"]),
            ]
        )
    return _table(record, CELLS, rows)


def differential_csv(record: SlideRecord) -> bytes:
    """Write a row for each class: the person's count and the model's, with 95 % intervals.

    Percentages are of the white cells that were counted; what is told beside them is per 100 of
    those. What is still of no class has a row without a unit, `unidentified`.
    """
    titles = {c.id: c.title for c in record.classes}
    person, model = record.by_person, record.by_model
    rows: list[list[object]] = []
    for unit, ids in (
        (PERCENT, [*dict.fromkeys([*person.white, *model.white])]),
        (PER_100, [*dict.fromkeys([*person.beside, *model.beside])]),
    ):
        for each in ids:
            counts = [*_values(person, unit, each), *_values(model, unit, each)]
            rows.append([each, titles.get(each, each), unit, *counts])
    unidentified = [person.unidentified, "", "", "", model.unidentified, "", "", ""]
    rows.append(["unidentified", "Unidentified", NO_UNIT, *unidentified])
    return _table(record, DIFFERENTIAL, rows)


def _values(count: Count, unit: str, class_id: str) -> list[object]:
    """Give n, value and both ends of the interval; nothing of a class that is not in a count."""
    told: Mapping[str, Share | Beside] = count.white if unit == PERCENT else count.beside
    if class_id not in told:
        return [""] * len(VALUES)
    found = told[class_id]
    return [found.n, to_json(value_of(found)), *to_json(found.interval)]


def _table(record: SlideRecord, head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    write = csv.writer(out).writerow  # its own line ends are those of RFC 4180
    write(head)
    slide = [record.uid, record.label, record.revision, record.status]
    for row in rows:
        write([plain(cell) for cell in [*slide, *row, RESEARCH_USE]])
    return out.getvalue().encode("utf-8-sig")
