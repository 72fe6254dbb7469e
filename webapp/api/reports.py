"""Reports of a slide as files: JSON, tables, PDF, FHIR."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response
from flask.typing import ResponseReturnValue

from webapp import DEVICE
from webapp.api.document import READS, Described, errors
from webapp.api.slide_schemas import RecordAnswer, Revision
from webapp.bench import current_bench, current_classes
from webapp.record import SlideRecord
from webapp.record_json import document_of
from webapp.report.fhir import fhir_of
from webapp.report.pdf import pdf_of
from webapp.report.table import cells_csv, differential_csv
from webapp.store.signing import reported

FAILURES: Final = errors(*READS, "bad_request", "not_found", "record_damaged")
JSON: Final = "application/json"
CSV: Final = "text/csv"
PDF: Final = "application/pdf"
FHIR: Final = "application/fhir+json"
_STRANGE: Final = re.compile(r"[^\w.-]+")  # in names of files, on one system or another


def a_file(what: str, media_type: str) -> Described:
    """Describe a file that is answered."""
    schema = {"type": "object"} if media_type == FHIR else {"type": "string", "format": "binary"}
    return {"description": what, "content": {media_type: {"schema": schema}}}


blueprint = APIBlueprint("reports", __name__, tag="Signing and reports")


@blueprint.get("/slides/<int:slide_id>/report.json")
@blueprint.input(Revision, location="query")
@blueprint.output(RecordAnswer, description="The record, in the shape in which records are signed")
@blueprint.doc(responses=FAILURES)
def as_json(slide_id: int, query_data: Revision) -> ResponseReturnValue:
    """Report a slide as JSON: all of it."""
    return _report(slide_id, query_data, "json", JSON, json_of)


@blueprint.get("/slides/<int:slide_id>/report.csv")
@blueprint.input(Revision, location="query")
@blueprint.doc(responses={200: a_file("The differential, a row a class", CSV), **FAILURES})
def as_csv(slide_id: int, query_data: Revision) -> ResponseReturnValue:
    """Report the differential of a slide as a table."""
    return _report(slide_id, query_data, "csv", CSV, differential_csv)


@blueprint.get("/slides/<int:slide_id>/cells.csv")
@blueprint.input(Revision, location="query")
@blueprint.doc(responses={200: a_file("The white cells, a row a cell", CSV), **FAILURES})
def cells_as_csv(slide_id: int, query_data: Revision) -> ResponseReturnValue:
    """Report the white cells of a slide as a table."""
    return _report(slide_id, query_data, "cells.csv", CSV, cells_csv)


@blueprint.get("/slides/<int:slide_id>/report.pdf")
@blueprint.input(Revision, location="query")
@blueprint.doc(responses={200: a_file("The report, A4", PDF), **FAILURES})
def as_pdf(slide_id: int, query_data: Revision) -> ResponseReturnValue:
    """Report a slide as a PDF."""
    return _report(slide_id, query_data, "pdf", PDF, pdf_of)


@blueprint.get("/slides/<int:slide_id>/report.fhir.json")
@blueprint.input(Revision, location="query")
@blueprint.doc(responses={200: a_file("A Bundle of FHIR R4", FHIR), **FAILURES})
def as_fhir(slide_id: int, query_data: Revision) -> ResponseReturnValue:
    """Report a slide as FHIR: a DiagnosticReport, and an Observation a class."""
    return _report(slide_id, query_data, "fhir.json", FHIR, fhir_of)


def _report(
    slide_id: int,
    wish: Revision,
    suffix: str,
    media_type: str,
    write: Callable[[SlideRecord], str | bytes],
) -> Response:
    with current_bench().reading() as session:
        classes = current_classes(session)
        record = reported(session, slide_id, classes, DEVICE, wish.revision)
    return report_file(record, suffix, media_type, write)


def report_file(
    record: SlideRecord,
    suffix: str,
    media_type: str,
    write: Callable[[SlideRecord], str | bytes],
) -> Response:
    """Answer a report as a file to keep, named after the slide and the revision.

    Args:
        record: what it tells.
        suffix: end of the file's name.
        media_type: of the file.
        write: the report's function of a record.
    """
    response = Response(write(record), mimetype=media_type)
    state = "open" if record.signed is None else f"r{record.revision}"
    name = f"{_STRANGE.sub('_', record.label).strip('._') or 'slide'}-{state}.{suffix}"
    response.headers["Content-Disposition"] = _attached(name)
    return response


def _attached(name: str) -> str:
    """Name a file to keep: in UTF-8 as RFC 6266 has it, and plainly for who does not read that."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"attachment; filename={plain}; filename*=UTF-8''{quote(name)}"


def json_of(record: SlideRecord) -> str:
    """Write a record as a report in JSON."""
    return json.dumps(document_of(record), ensure_ascii=False)
