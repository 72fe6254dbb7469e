"""Captures: the camera's newest picture, kept as a field of a slide."""

from typing import Final

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from webapp.api.adding import ADDING_ERRORS, add_pictures, earlier_scales
from webapp.api.document import A_PERSON, errors
from webapp.api.slide_schemas import AddedAnswer, CaptureWish
from webapp.live.camera import current_camera

ERRORS: Final = (*ADDING_ERRORS, "camera_closed", "no_frame")

blueprint = APIBlueprint("captures", __name__, tag="Camera")


@blueprint.post("/camera/captures")
@blueprint.input(CaptureWish, example={"slide": 1})
@blueprint.output(AddedAnswer, description="The field, and the slide after it")
@blueprint.doc(responses=errors(*ERRORS), security=A_PERSON)
def capture(json_data: CaptureWish) -> ResponseReturnValue:
    """Analyze the camera's newest picture as a field of a slide, and keep what is found.

    It is the newest as the request comes, however long it waits for its turn. A picture that the
    slide has already is not added again, see `known`.
    """
    earlier = earlier_scales(json_data.slide)
    captured = current_camera().capture()
    return add_pictures(
        json_data.slide, earlier, lambda: [captured.file()], captured.white_reference
    )
