"""The pages of slides: all that are open, one at work, and its reports."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from runtime.images import SUFFIXES
from webapp import DEVICE
from webapp.bench import current_bench, current_classes
from webapp.report.page import page_of
from webapp.report.sheet import reasons_of
from webapp.service import current_service
from webapp.store.fields import fields_of
from webapp.store.overview import overview
from webapp.store.records import counted_of
from webapp.store.search import Wanted, find_slides, last_signed
from webapp.store.signing import records_of, reported
from webapp.store.slides import LONGEST_LABEL, LONGEST_NOTE, MOST_CELLS
from webapp.texts import gettext as _
from webapp.texts import translations

MOST_OPEN = 50
NEWEST_SIGNED = 10
TARGETS = (100, 200, 400)
LIMITS = {"label": LONGEST_LABEL, "note": LONGEST_NOTE, "target": MOST_CELLS}

blueprint = Blueprint("slides", __name__)


@blueprint.get("/slides")
def slides() -> ResponseReturnValue:
    """Show the slides that are open, and those that were signed last."""
    with current_bench().reading() as session:
        opened = find_slides(session, Wanted(status="open"), limit=MOST_OPEN)
        signed = last_signed(session, NEWEST_SIGNED)
        ids = [slide.id for slide in (*opened.slides, *signed)]
        counted = counted_of(session, ids, current_classes(session))
    return render_template(
        "slides.html",
        opened=opened.slides,
        more_are_open=opened.after is not None,
        signed=signed,
        counted=counted,
        targets=TARGETS,
        limits=LIMITS,
    )


@blueprint.get("/slides/<int:slide_id>")
def slide(slide_id: int) -> ResponseReturnValue:
    """Show a slide at work; its script keeps it as it is now."""
    with current_bench().reading() as session:
        shown = overview(session, slide_id, current_classes(session))
        fields = fields_of(session, slide_id)
        records = records_of(session, slide_id)
    service = current_service()
    return render_template(
        "slide.html",
        slide=shown,
        fields=[(field, reasons_of(field.facts, translations())) for field in reversed(fields)],
        records=records,
        classes=service.classes,
        suffixes=sorted(SUFFIXES),
        max_bytes=service.settings.max_body_bytes,
        targets=TARGETS,
        limits=LIMITS,
    )


@blueprint.get("/slides/<int:slide_id>/report")
def report(slide_id: int) -> ResponseReturnValue:
    """Show the report of a slide: its newest record, or, unsigned, the slide as it is."""
    return _report(slide_id, None)


@blueprint.get("/slides/<int:slide_id>/records/<int:revision>/report")
def record_report(slide_id: int, revision: int) -> ResponseReturnValue:
    """Show the report of a frozen record."""
    return _report(slide_id, revision)


def _report(slide_id: int, revision: int | None) -> str:
    with current_bench().reading() as session:
        record = reported(session, slide_id, current_classes(session), DEVICE, revision)
    formats = formats_at(f"/api/v1/slides/{slide_id}", revision)
    return page_of(record, formats, url_for(".slide", slide_id=slide_id))


def formats_at(address: str, revision: int | None = None) -> dict[str, str]:
    """Name the other formats of a report with their addresses.

    Args:
        address: of what is reported, in the API.
        revision: of a slide's frozen record; None takes the newest.
    """
    names = {
        "report.pdf": _("PDF"),
        "report.csv": _("Differential (CSV)"),
        "cells.csv": _("Cells (CSV)"),
        "report.json": _("JSON"),
        "report.fhir.json": _("FHIR"),
    }
    which = "" if revision is None else f"?revision={revision}"
    return {name: f"{address}/{file}{which}" for file, name in names.items()}
