"""Whole fields: their cells found, measured, named and counted."""

from functools import partial

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from runtime.differential import Counted, together
from webapp.api.document import PICTURE_ERRORS, PICTURES, errors
from webapp.api.schemas import AnalyzeAnswer, FoundFields, TogetherAnswer
from webapp.errors import refuse_the_only
from webapp.service import current_service
from webapp.uploads import pictures_of

blueprint = APIBlueprint("analyze", __name__, tag="Fields")


@blueprint.post("/analyze")
@blueprint.output(AnalyzeAnswer, description="The cells of each field, and their differential")
@blueprint.doc(responses=errors(*PICTURE_ERRORS), extensions={"requestBody": PICTURES})
def analyze() -> ResponseReturnValue:
    """Find, measure, name and count the cells of fields of one slide.

    Nothing is kept. A picture that cannot be answered has an `error` in its place; where it is the
    only one, the request is refused with that error.
    """
    answers = current_service().analyze(partial(pictures_of, request))
    refuse_the_only(answers.results)
    return jsonify(to_json(answers))


@blueprint.post("/differential")
@blueprint.input(FoundFields, example={"fields": [{"classes": {"neutrophil": 3}}]})
@blueprint.output(TogetherAnswer, description="The shares of all their white cells")
@blueprint.doc(responses=errors("bad_request", "too_large"))
def put_together(json_data: FoundFields) -> ResponseReturnValue:
    """Put fields together that were analyzed one at a time.

    Each is told by `n` of the `classes` of its `differential`, and by what stands beside them.
    """
    fields = [Counted(each.classes, each.nrbc, each.unclassified) for each in json_data.fields]
    return jsonify(to_json(together(fields)))
