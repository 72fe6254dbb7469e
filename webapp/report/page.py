"""A record as a page that prints well."""

from collections.abc import Mapping
from dataclasses import astuple

from flask import render_template

from webapp.record import SlideRecord
from webapp.report.sheet import moment, sheet_of
from webapp.store.received import Received
from webapp.texts import translations


def page_of(
    record: SlideRecord, formats: Mapping[str, str], back: str, received: Received | None = None
) -> str:
    """Render a record in its reader's language, within an app.

    Args:
        record: what is shown.
        formats: name of each other format to its address, in the order of the links.
        back: address of the slide's own page, or of the list that a received record stands in.
        received: how the record came here; None of one that was signed here.
    """
    sheet = sheet_of(record, translations())
    return render_template(
        "report.html",
        record=record,
        sheet=sheet,
        field_rows=[astuple(field) for field in sheet.fields],
        formats=formats,
        back=back,
        received=received,
        came=moment(received.received_at) if received else None,
    )
