"""All slides that are searched for, as a table."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from apiflask import APIBlueprint
from flask import Response, stream_with_context
from flask.typing import ResponseReturnValue

from runtime.table import plain
from runtime.trust import UNFAMILIAR
from webapp.api.document import READS, Described, errors
from webapp.api.slide_schemas import SlideFilter
from webapp.bench import current_bench, current_classes
from webapp.record import RESEARCH_USE, ReviewClass
from webapp.store.search import Wanted, find_slides, named_cells
from webapp.store.slides import Slide

AT_ONCE: Final = 200  # rows of a part
COLUMNS: Final = (
    *("slide", "uid", "label", "status", "revision", "opened_by", "opened_at", "changed_at"),
    *("target", "fields", "fields_that_count", "cells", "seen", "unidentified"),
)
TABLE: Described = {
    "description": "The table, in UTF-8; times are in UTC",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}

blueprint = APIBlueprint("slide_table", __name__, tag="Slides")


@blueprint.get("/slides.csv")
@blueprint.input(SlideFilter, location="query")
@blueprint.doc(responses={200: TABLE, **errors(*READS, "bad_request")})
def table(query_data: SlideFilter) -> ResponseReturnValue:
    """Give all slides, or those that are looked up, as a table, the newest first.

    It tells how far each was reviewed, and how many of its white cells each class has.
    """
    with current_bench().reading() as session:
        classes = current_classes(session)
    rows = stream_with_context(_rows(query_data.wanted, classes))
    response = Response(rows, mimetype="text/csv")
    name = f"hematovision-history-{datetime.now().astimezone():%Y%m%d-%H%M}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rows(wanted: Wanted, classes: tuple[ReviewClass, ...]) -> Iterator[bytes]:
    """Write the table; each part is read on its own, so that no reader is open for long."""
    ids = [each.id for each in classes]
    head = [*COLUMNS, *(f"n_{each}" for each in ids), "n_other_classes", "use"]
    yield _lines([head]).encode("utf-8-sig")
    after: int | None = None
    while True:
        with current_bench().reading() as session:
            page = find_slides(session, wanted, after, AT_ONCE)
            cells = named_cells(session, [slide.id for slide in page.slides])
        yield _lines([_row(slide, cells[slide.id], ids) for slide in page.slides]).encode()
        after = page.after
        if after is None:
            return


def _row(slide: Slide, cells: dict[str, int], ids: list[str]) -> list[object]:
    progress = slide.progress
    listed = {*ids, UNFAMILIAR}
    return [
        *(slide.id, slide.uid, slide.label, slide.status, slide.revision),
        *(slide.opened.by, _utc(slide.opened.at), _utc(slide.changed_at)),
        *(slide.target, progress.fields, progress.usable),
        *(progress.cells, progress.seen, progress.unidentified),
        *(cells.get(each, 0) for each in ids),
        sum(n for name, n in cells.items() if name not in listed),
        RESEARCH_USE,
    ]


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _lines(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([plain(cell) for cell in row] for row in rows)
    return out.getvalue()
