"""Whole fields: their cells found, measured, named and counted."""

from functools import partial

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from runtime import ImageError, Refusal, to_json
from webapp.api.document import PICTURE_ERRORS, PICTURES, errors
from webapp.api.schemas import AnalyzeAnswer
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
    match answers.results:
        case [Refusal(error=problem)]:
            raise ImageError(problem.code, problem.message)
    return jsonify(to_json(answers))
