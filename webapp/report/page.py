"""A record as a page that prints well."""

from collections.abc import Mapping
from dataclasses import astuple

from flask import render_template

from webapp.report.record import RESEARCH_USE, SlideRecord
from webapp.report.sheet import FIELD_HEAD, sheet_of


def page_of(record: SlideRecord, formats: Mapping[str, str], back: str) -> str:
    """Render a record, within an app.

    Args:
        record: what is shown.
        formats: name of each other format to its address, in the order of the links.
        back: address of the slide's own page.
    """
    sheet = sheet_of(record)
    return render_template(
        "report.html",
        record=record,
        sheet=sheet,
        field_head=FIELD_HEAD,
        field_rows=[astuple(field) for field in sheet.fields],
        formats=formats,
        back=back,
        research_use=RESEARCH_USE,
    )
