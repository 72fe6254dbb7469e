"""The history: slides looked up, listed, told of as a table, deleted with their trail kept."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from runtime import to_json
from runtime.table import plain
from runtime.trust import UNFAMILIAR
from webapp.bench import current_bench, current_classes
from webapp.errors import status_of
from webapp.pages.searched import NAMES, number, searched
from webapp.pages.trail import told
from webapp.person import person_of
from webapp.record import RESEARCH_USE, ReviewClass
from webapp.store.audit import entries, labels_of
from webapp.store.chain import head_of
from webapp.store.errors import StoreError
from webapp.store.search import Wanted, find_slides, named_cells
from webapp.store.slides import Slide, delete_slide, find_slide

PAGE: Final = 25  # slides
TRAIL: Final = 50  # entries of a page
AT_ONCE: Final = 200  # rows of the table in a part
COLUMNS: Final = (
    *("slide", "uid", "label", "status", "revision", "opened_by", "opened_at", "changed_at"),
    *("target", "fields", "fields_that_count", "cells", "seen", "unidentified"),
)

blueprint = Blueprint("history", __name__)


@blueprint.get("/history")
def history() -> ResponseReturnValue:
    """Show the slides that are searched for, page by page."""
    asked = searched(request.args)
    with current_bench().reading() as session:
        page = find_slides(session, asked.wanted, asked.after, PAGE, asked.before)
        if asked.before and page.before is None:  # nothing is newer: the first page, whole
            page = find_slides(session, asked.wanted, limit=PAGE)
        classes = current_classes(session)
        deleted = labels_of(session, [number(request.args, "deleted") or 0])
    return render_template(
        "history.html", asked=asked, names=NAMES, page=page, classes=classes, deleted=deleted
    )


@blueprint.get("/history.csv")
def table() -> ResponseReturnValue:
    """Give all slides that are searched for as a table, in parts as they are read."""
    wanted = searched(request.args).wanted
    with current_bench().reading() as session:
        classes = current_classes(session)
    response = Response(stream_with_context(_rows(wanted, classes)), mimetype="text/csv")
    name = f"hematovision-history-{datetime.now().astimezone():%Y%m%d-%H%M}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/history/trail")
def trail() -> ResponseReturnValue:
    """Show who did what when: to one slide, also a deleted one, or to all."""
    slide = number(request.args, "slide")
    with current_bench().reading() as session:
        page = entries(session, slide, number(request.args, "after"), TRAIL)
        ids = {each.slide_id for each in page.entries if each.slide_id is not None}
        labels = labels_of(session, ids | ({slide} if slide is not None else set()))
        classes, head = current_classes(session), head_of(session)
    if slide is not None and slide not in labels:
        raise StoreError("not_found", f"There is no slide {slide}: look it up in the history")
    titles = {each.id: each.title for each in classes}
    acts = [(each, told(each, titles)) for each in page.entries]
    return render_template(
        "trail.html", slide=slide, labels=labels, acts=acts, after=page.after, head=head
    )


@blueprint.get("/history/trail.json")
def trail_document() -> ResponseReturnValue:
    """Give the whole trail, of one slide or of all, in parts as they are read."""
    slide = number(request.args, "slide")
    with current_bench().reading() as session:
        if slide is not None and slide not in labels_of(session, [slide]):
            raise StoreError("not_found", f"There is no slide {slide}: look it up in the history")
    response = Response(stream_with_context(_entries(slide)), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="hematovision-trail.json"'
    return response


@blueprint.get("/history/<int:slide_id>/delete")
def ask_delete(slide_id: int) -> ResponseReturnValue:
    """Ask why a slide is to be deleted, for browsers that run no script."""
    return _delete_page(slide_id)


@blueprint.post("/history/<int:slide_id>/delete")
def delete(slide_id: int) -> ResponseReturnValue:
    """Delete a slide, and go back to the list."""
    back, edition = request.form.get("back", ""), number(request.form, "edition")
    try:
        with current_bench().writing() as session:
            reason = request.form.get("reason", "")
            delete_slide(
                session, current_bench().pictures, slide_id, person_of(request), reason, edition
            )
    except StoreError as problem:
        if problem.code == "not_found":
            raise
        return _delete_page(slide_id, str(problem)), status_of(problem.code)
    asked = back.removeprefix("?")
    return redirect(f"/history?{asked}{'&' if asked else ''}deleted={slide_id}", 303)


@blueprint.app_template_filter()
def when(moment: datetime) -> str:
    """Write a moment for people, by this device's clock."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _delete_page(slide_id: int, problem: str | None = None) -> str:
    with current_bench().reading() as session:
        slide = find_slide(session, slide_id)
    back = request.values.get("back", "")
    return render_template("delete.html", slide=slide, problem=problem, back=back)


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


def _entries(slide: int | None) -> Iterator[str]:
    """Write the entries, the newest first; each part is read on its own."""
    yield '{"entries": ['
    after, between = None, "\n"
    while True:
        with current_bench().reading() as session:
            page = entries(session, slide, after, AT_ONCE)
        for entry in page.entries:
            yield between + json.dumps(to_json(entry), ensure_ascii=False)
            between = ",\n"
        after = page.after
        if after is None:
            break
    yield "\n]}\n"


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
