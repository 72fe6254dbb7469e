"""Who did what when."""

import json
from collections.abc import Iterator
from typing import Final

from apiflask import APIBlueprint
from flask import Response, jsonify, stream_with_context
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.bench_schemas import AuditAnswer, AuditOf, AuditWish, WholeAuditAnswer
from webapp.api.document import READS, errors
from webapp.bench import current_bench
from webapp.store.audit import entries, labels_of
from webapp.store.errors import StoreError

AT_ONCE: Final = 200  # entries of a part

blueprint = APIBlueprint("audit", __name__, tag="Audit")


@blueprint.get("/audit")
@blueprint.input(AuditWish, location="query")
@blueprint.output(AuditAnswer, description="Entries, the newest first")
@blueprint.doc(responses=errors(*READS, "bad_request"))
def audit(query_data: AuditWish) -> ResponseReturnValue:
    """Tell who did what when to which revision, also of slides that were deleted.

    Entries are only ever added. `after` of one page asks for the next one.
    """
    with current_bench().reading() as session:
        page = entries(session, query_data.slide, query_data.after, query_data.limit)
    return jsonify(to_json(page))


@blueprint.get("/audit.json")
@blueprint.input(AuditOf, location="query")
@blueprint.output(WholeAuditAnswer, description="All entries, the newest first")
@blueprint.doc(responses=errors(*READS, "bad_request", "not_found"))
def whole(query_data: AuditOf) -> ResponseReturnValue:
    """Give the whole audit, of one slide or of all, as a file."""
    slide = query_data.slide
    with current_bench().reading() as session:
        if slide is not None and slide not in labels_of(session, [slide]):
            raise StoreError("not_found", f"There is no slide {slide}: look it up in the history")
    response = Response(stream_with_context(_written(slide)), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="hematovision-trail.json"'
    return response


def _written(slide: int | None) -> Iterator[str]:
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
