"""Who did what when."""

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.bench_schemas import AuditAnswer, AuditWish
from webapp.api.document import READS, errors
from webapp.bench import current_bench
from webapp.store.audit import entries

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
