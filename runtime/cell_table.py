"""The cells of fields as a CSV table: one row a cell, and one for each picture without any."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.answers import Refusal, to_json
from runtime.field_answers import FieldAnswer
from runtime.table import open_rows

FIELD = ("source", "width", "height", "um_per_px", "scale_source")
CELL = ("id", "kind", "x0", "y0", "x1", "y1", "score", "touches_edge", "diameter_um")
NAMED = ("label", "confidence", "status")


@contextmanager
def open_cell_table(file: Path) -> Iterator[Callable[[FieldAnswer], None]]:
    """Open a table of all cells, as `runtime.table.open_rows` does.

    Yields:
        A function that writes the rows of one picture.

    Raises:
        HematoVisionError: `unwritable`, before the work where that can be known.
    """
    with open_rows(file, [*FIELD, "usable", *CELL, *NAMED, "note"]) as write:

        def write_all(answer: FieldAnswer) -> None:
            for row in _rows(answer):
                write(row)

        yield write_all


def _rows(answer: FieldAnswer) -> Iterator[list[object]]:
    """Give a row for each cell; its note says why the field should not be counted."""
    blank = [""] * (len(CELL) + len(NAMED))
    if isinstance(answer, Refusal):
        yield [answer.source, *[""] * len(FIELD), *blank, answer.error.message]
        return
    known = to_json(answer)
    usable = int(answer.quality.usable)
    note = "; ".join(reason.message for reason in answer.quality.reasons)
    field = [*(known[key] for key in FIELD), usable]
    for cell in known["cells"]:
        corners = dict(zip(("x0", "y0", "x1", "y1"), cell["box"], strict=True))
        told = {**cell, **corners, "touches_edge": int(cell["touches_edge"])}
        named = cell.get("classification") or {}
        yield [*field, *(told[key] for key in CELL), *(named.get(key, "") for key in NAMED), note]
    if not known["cells"]:
        yield [*field, *blank, note]
