"""Settings that a person changes."""

from apiflask import APIBlueprint
from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.bench_schemas import OptionsAnswer, OptionsChange
from webapp.api.document import A_PERSON, READS, WRITES, errors
from webapp.api.writing import writing
from webapp.bench import current_bench
from webapp.service import current_service
from webapp.store.options import Options, change_options, read_options, review_classes

blueprint = APIBlueprint("options", __name__, tag="Device")


@blueprint.get("/options")
@blueprint.output(OptionsAnswer, description="What is set")
@blueprint.doc(responses=errors(*READS))
def get_options() -> ResponseReturnValue:
    """Tell what is set, and which classes a person can give."""
    with current_bench().reading() as session:
        options = read_options(session)
    return _told(options)


@blueprint.patch("/options")
@blueprint.input(OptionsChange, example={"retention_days": 365})
@blueprint.output(OptionsAnswer, description="What is set from now on")
@blueprint.doc(responses=errors(*WRITES, "bad_request", "too_large"), security=A_PERSON)
def patch_options(json_data: OptionsChange) -> ResponseReturnValue:
    """Change some settings; those that are not named stay.

    `classes` is the whole list, the model's classes among them; an empty one takes the usual ones
    again. Records that were signed keep the classes that they were signed with.
    """
    with writing() as write:
        options = change_options(write.session, write.by, **json_data.changes())
    return _told(options)


def _told(options: Options) -> Response:
    classes = review_classes(options, current_service().classes)
    return jsonify(
        keep_pictures=options.keep_pictures,
        retention_days=options.retention_days,
        least_free_mb=options.least_free_mb,
        copy_folder=options.copy_folder,
        copies_kept=options.copies_kept,
        classes=to_json(classes),
    )
