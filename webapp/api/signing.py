"""Signing: a slide signed, its frozen records, and a signed slide reopened."""

from apiflask import APIBlueprint
from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp import DEVICE
from webapp.api.document import A_PERSON, READS, UNCHANGED, WRITES, errors
from webapp.api.slide_schemas import (
    Reason,
    RecordAnswer,
    RecordEntry,
    RecordsAnswer,
    SlideAnswer,
)
from webapp.api.writing import with_edition, writing
from webapp.bench import current_bench, current_classes
from webapp.etags import tagged
from webapp.store.signing import find_record, records_of, reopen_slide, sign_slide

blueprint = APIBlueprint("signing", __name__, tag="Signing and reports")


@blueprint.post("/slides/<int:slide_id>/signatures")
@blueprint.output(SlideAnswer, 201, description="The slide after it")
@blueprint.doc(
    responses=errors(
        *WRITES,
        *("not_found", "changed", "signed", "no_cells", "not_seen", "unidentified"),
        "clock_behind",
    ),
    security=A_PERSON,
)
def sign(slide_id: int) -> ResponseReturnValue:
    """Sign an open slide: its record is frozen, and found in `records` from then on.

    Every white cell must have been seen, and none be left unidentified.
    """
    with writing() as write:
        classes = current_classes(write.session)
        sign_slide(write.session, slide_id, write.by, classes, DEVICE, write.seen(slide_id))
        slide = write.slide(slide_id)
    response = jsonify(to_json(slide))
    response.status_code = 201
    response.headers["Location"] = url_for(".get_one", slide_id=slide_id, revision=slide.revision)
    return with_edition(response, slide)


@blueprint.post("/slides/<int:slide_id>/revisions")
@blueprint.input(Reason, example={"reason": "one cell was classed wrongly"})
@blueprint.output(SlideAnswer, description="The slide, open again")
@blueprint.doc(
    responses=errors(
        *WRITES, "bad_request", "too_large", "not_found", "no_reason", "changed", "not_signed"
    ),
    security=A_PERSON,
)
def reopen(slide_id: int, json_data: Reason) -> ResponseReturnValue:
    """Open the next revision of a signed slide; what was signed stays as it is."""
    with writing() as write:
        reopen_slide(write.session, slide_id, write.by, json_data.reason, write.seen(slide_id))
        slide = write.slide(slide_id)
    return with_edition(jsonify(to_json(slide)), slide)


@blueprint.get("/slides/<int:slide_id>/records")
@blueprint.output(RecordsAnswer, description="By whom, when, and the hash of each, newest first")
@blueprint.doc(responses=errors(*READS, "not_found"))
def list_records(slide_id: int) -> ResponseReturnValue:
    """List the frozen records of a slide."""
    with current_bench().reading() as session:
        records = [RecordEntry.of(record) for record in records_of(session, slide_id)]
    return jsonify(records=to_json(records))


@blueprint.get("/slides/<int:slide_id>/records/<int:revision>")
@blueprint.output(RecordAnswer, description="The record; the SHA-256 of these bytes is its ETag")
@blueprint.doc(responses={304: UNCHANGED, **errors(*READS, "not_found", "record_damaged")})
def get_one(slide_id: int, revision: int) -> ResponseReturnValue:
    """Give a frozen record, byte by byte as it was signed."""
    with current_bench().reading() as session:
        record = find_record(session, slide_id, revision)
    return tagged(Response(record.content, mimetype="application/json"), request, record.sha256)
