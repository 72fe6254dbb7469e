"""Settings that a person changes."""

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.bench_schemas import OptionsAnswer, OptionsChange
from webapp.api.document import errors
from webapp.bench import current_bench
from webapp.person import person_of
from webapp.service import current_service
from webapp.store.options import Options, change_options, read_options, review_classes

blueprint = APIBlueprint("options", __name__, tag="Device")


@blueprint.get("/options")
@blueprint.output(OptionsAnswer, description="What is set")
@blueprint.doc(responses=errors("busy", "database_damaged"))
def get_options() -> ResponseReturnValue:
    """Tell what is set, and which classes a person can give."""
    with current_bench().reading() as session:
        options = read_options(session)
    return _told(options)


@blueprint.patch("/options")
@blueprint.input(OptionsChange)
@blueprint.output(OptionsAnswer, description="What is set from now on")
@blueprint.doc(
    responses=errors(
        "bad_request", "no_person", "too_large", "busy", "disk_full", "unwritable",
        "database_damaged",
    )
)  # fmt: skip
def patch_options(json_data: OptionsChange) -> ResponseReturnValue:
    """Change some settings; those that are not named stay.

    `classes` is the whole list, the model's classes among them; an empty one takes the usual ones
    again. Records that were signed keep the classes that they were signed with.
    """
    with current_bench().writing() as session:
        options = change_options(session, person_of(request), **json_data.changes())
    return _told(options)


def _told(options: Options) -> Response:
    classes = review_classes(options, current_service().classes)
    return jsonify(
        keep_pictures=options.keep_pictures,
        retention_days=options.retention_days,
        least_free_mb=options.least_free_mb,
        classes=to_json(classes),
    )
