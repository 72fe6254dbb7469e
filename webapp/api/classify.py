"""Pictures of single cells: named, and their names explained."""

from functools import partial

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from runtime.images import encode
from webapp.api.document import A_PICTURE, PICTURE_ERRORS, PICTURES, PNG, errors
from webapp.api.schemas import ClassifyAnswer
from webapp.errors import refuse_the_only
from webapp.service import current_service
from webapp.uploads import picture_of, pictures_of

blueprint = APIBlueprint("classify", __name__, tag="Cells")


@blueprint.post("/classify")
@blueprint.output(ClassifyAnswer, description="What the network says of each picture, in order")
@blueprint.doc(responses=errors(*PICTURE_ERRORS), extensions={"requestBody": PICTURES})
def classify() -> ResponseReturnValue:
    """Name the cell in each picture.

    A picture that cannot be answered has an `error` in its place; where it is the only one, the
    request is refused with that error.
    """
    answers = current_service().classify(partial(pictures_of, request))
    refuse_the_only(answers.results)
    return jsonify(to_json(answers))


@blueprint.post("/explain")
@blueprint.doc(
    responses={200: PNG, **errors(*PICTURE_ERRORS)}, extensions={"requestBody": A_PICTURE}
)
def explain() -> ResponseReturnValue:
    """Draw which parts of a picture its name comes from.

    The heat map shows the centered square of the picture, at most 768 pixels on a side, gray where
    the network did not look. It takes some twenty times as long as the name.
    """
    heat_map = current_service().explain(partial(picture_of, request))
    return Response(encode(heat_map), mimetype="image/png")
