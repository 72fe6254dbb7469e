"""Signed records of other devices: taken from them, looked up, given as they came, reported."""

from collections.abc import Callable

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import Field, RootModel

from runtime import to_json
from webapp.api.document import A_TOKEN, READS, UNCHANGED, Described, errors
from webapp.api.reports import CSV, FHIR, JSON, PDF, a_file, json_of, report_file
from webapp.api.schemas import Answer, PersonName, Request
from webapp.api.slide_schemas import Id, Label, Limit, RecordAnswer
from webapp.bench import current_bench
from webapp.errors import RequestError
from webapp.etags import tagged
from webapp.gate import first_account
from webapp.identity import NOT_SIGNED_IN, identity_of
from webapp.record import SlideRecord
from webapp.report.fhir import fhir_of
from webapp.report.pdf import pdf_of
from webapp.report.table import cells_csv, differential_csv
from webapp.service import current_service
from webapp.store.outbox import Outgoing
from webapp.store.received import (
    LONGEST_DEVICE,
    Received,
    ReceivedPage,
    find_received,
    receive,
    received_record,
)
from webapp.store.signing import thawed

FAILURES = errors(*READS, "not_found", "record_damaged")
UID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SHA256 = "[0-9a-f]{64}"
LONGEST_CONTENT = 50_000_000  # characters; a slide's 10,000 cells take 3 million
KNOWN: Described = {
    "description": "The record, which was here already",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReceivedAnswer"}}},
}

blueprint = APIBlueprint("received", __name__, tag="From devices")


class SentRecord(Request):
    """A record that a device sends."""

    device: str = Field(pattern=f"^{UID}$", description="that no other device has, drawn once")
    device_name: PersonName = Field(max_length=LONGEST_DEVICE, description="as it calls itself")
    entry: Id = Field(description="of the device's trail, which says the signature")
    after: str | None = Field(
        None, pattern=f"^{SHA256}$", description="hash of the record that it has sent before"
    )
    sha256: str = Field(pattern=f"^{SHA256}$", description="of `content` in UTF-8")
    content: str = Field(
        max_length=LONGEST_CONTENT, description="the record, letter by letter as it was signed"
    )


class ReceivedSearch(Request):
    """Which records of devices are looked up; what is left out asks for nothing."""

    label: Label | None = Field(None, description="part of the slide's label, in capitals or not")
    device: str | None = Field(None, max_length=36, description="uid of a device")
    person: PersonName | None = Field(None, description="who signed")
    after: Id | None = Field(None, description="`after` of the page before")
    limit: Limit = 50


class ReceivedAnswer(Answer, RootModel[Received]):
    """A record that a device has sent."""


class ReceivedPageAnswer(Answer, RootModel[ReceivedPage]):
    """A page of records that devices have sent."""


@blueprint.post("/received")
@blueprint.input(
    SentRecord,
    example={
        "device": "0b0d7f0e-6d0e-4b52-9a43-0e1c1f6d5c11",
        "device_name": "bench-2",
        "entry": 214,
        "after": None,
        "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "content": "{}",
    },
)
@blueprint.output(ReceivedAnswer, 201, description="The record, kept now")
@blueprint.doc(
    responses={
        200: KNOWN,
        **errors(*READS, "bad_request", "too_large", "not_receiving", "gap"),
    },
    security=A_TOKEN,
)
def take(json_data: SentRecord) -> ResponseReturnValue:
    """Take a signed record from a device, and keep it once.

    The token is of an account of the role `device`, which alone may send, and may nothing else;
    where there are no accounts, no records are taken.

    A device sends its records in the order in which they were signed, each when the one before was
    answered. One that was sent already is answered in the same way, and kept once. `gap` says that
    the record named in `after` is not here: the device then sends all from its first.
    """
    sent = json_data
    record = Outgoing(sent.entry, sent.after, sent.sha256, sent.content)
    with current_bench().writing() as session:
        kept, is_new = receive(session, _sender(), sent.device, sent.device_name, record)
    response = jsonify(to_json(kept))
    response.status_code = 201 if is_new else 200
    return response


@blueprint.get("/received")
@blueprint.input(ReceivedSearch, location="query")
@blueprint.output(ReceivedPageAnswer, description="A page; `after` is null on the last one")
@blueprint.doc(responses=errors(*READS, "bad_request"))
def search(query_data: ReceivedSearch) -> ResponseReturnValue:
    """List the records that devices have sent, the newest first."""
    with current_bench().reading() as session:
        page = find_received(session, **query_data.model_dump())
    return jsonify(to_json(page))


@blueprint.get("/received/<int:received_id>")
@blueprint.output(RecordAnswer, description="The record; the SHA-256 of these bytes is its ETag")
@blueprint.doc(responses={304: UNCHANGED, **FAILURES})
def get_one(received_id: int) -> ResponseReturnValue:
    """Give a record that a device has sent, byte by byte as it was signed."""
    with current_bench().reading() as session:
        received, content = received_record(session, received_id)
    return tagged(Response(content, mimetype="application/json"), request, received.sha256)


@blueprint.get("/received/<int:received_id>/report.json")
@blueprint.output(RecordAnswer, description="The record")
@blueprint.doc(responses=FAILURES)
def as_json(received_id: int) -> ResponseReturnValue:
    """Report a device's record as JSON: all of it."""
    return _report(received_id, "json", JSON, json_of)


@blueprint.get("/received/<int:received_id>/report.csv")
@blueprint.doc(responses={200: a_file("The differential, a row a class", CSV), **FAILURES})
def as_csv(received_id: int) -> ResponseReturnValue:
    """Report the differential of a device's record as a table."""
    return _report(received_id, "csv", CSV, differential_csv)


@blueprint.get("/received/<int:received_id>/cells.csv")
@blueprint.doc(responses={200: a_file("The white cells, a row a cell", CSV), **FAILURES})
def cells_as_csv(received_id: int) -> ResponseReturnValue:
    """Report the white cells of a device's record as a table."""
    return _report(received_id, "cells.csv", CSV, cells_csv)


@blueprint.get("/received/<int:received_id>/report.pdf")
@blueprint.doc(responses={200: a_file("The report, A4", PDF), **FAILURES})
def as_pdf(received_id: int) -> ResponseReturnValue:
    """Report a device's record as a PDF."""
    return _report(received_id, "pdf", PDF, pdf_of)


@blueprint.get("/received/<int:received_id>/report.fhir.json")
@blueprint.doc(responses={200: a_file("A Bundle of FHIR R4", FHIR), **FAILURES})
def as_fhir(received_id: int) -> ResponseReturnValue:
    """Report a device's record as FHIR: a DiagnosticReport, and an Observation a class."""
    return _report(received_id, "fhir.json", FHIR, fhir_of)


def _sender() -> str:
    """Name the account that sends, which the gate has let in.

    Raises:
        RequestError: `not_receiving`, where there are no accounts; or `not_signed_in`, which it is
            as well where no token came.
    """
    identity = identity_of(request)
    if identity is None:
        raise RequestError(
            "not_receiving" if request.authorization else NOT_SIGNED_IN,
            "Records are taken from accounts of the role device, and there are none here: make an "
            f"administrator's with '{first_account(current_service().settings)}', then on the page "
            "Accounts one for each device, and its API token",
        )
    return identity.signed_in.name


def _report(
    received_id: int,
    suffix: str,
    media_type: str,
    write: Callable[[SlideRecord], str | bytes],
) -> Response:
    with current_bench().reading() as session:
        _, content = received_record(session, received_id)
    return report_file(thawed(content), suffix, media_type, write)
