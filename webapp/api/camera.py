"""The microscope's camera: opened, looked through, closed."""

from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from runtime.sources import cameras
from webapp.api.camera_schemas import (
    CameraAnswer,
    CamerasAnswer,
    CameraWish,
    LookAnswer,
    SentAnswer,
    Waiting,
)
from webapp.api.document import A_PICTURE, PICTURE_ERRORS, errors
from webapp.etags import unless_known
from webapp.live.camera import current_camera
from webapp.uploads import picture_of

UNCHANGED: Final[dict[int | str, Any]] = {304: {"description": "The same as `If-None-Match` names"}}
JPEG: Final = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
SHOWN: Final = {"description": "The newest picture", "content": JPEG}
UNREADABLE: Final = ("too_many_pixels", "not_an_image", "truncated", "unsupported")

blueprint = APIBlueprint("camera", __name__, tag="Camera")


@blueprint.get("/cameras")
@blueprint.output(CamerasAnswer, description="What names each as a source, and its own name")
def list_cameras() -> ResponseReturnValue:
    """List the cameras at this device; streams, and those of browsers, are not among them."""
    return jsonify(cameras=to_json(cameras()))


@blueprint.get("/camera")
@blueprint.output(CameraAnswer, description="How it is")
def state() -> ResponseReturnValue:
    """Say which camera is open and how it is."""
    return _state()


@blueprint.put("/camera")
@blueprint.input(CameraWish, example={"source": "browser"})
@blueprint.output(CameraAnswer, description="How it is, most often `opening`")
@blueprint.doc(
    responses=errors(
        "bad_request", "bad_source", "source_denied", "not_found", "dependency_missing"
    )
)
def open_camera(json_data: CameraWish) -> ResponseReturnValue:
    """Open a camera in place of the one that is open; the same one stays as it is.

    It is then tried again for as long as it is not closed, also after a loss.
    """
    current_camera().open(json_data.source, json_data.size, lock=json_data.lock)
    return _state()


@blueprint.delete("/camera")
@blueprint.output(CameraAnswer, description="Closed")
def close_camera() -> ResponseReturnValue:
    """Close the camera that is open, if any."""
    current_camera().close()
    return _state()


@blueprint.get("/camera/frame")
@blueprint.input(Waiting, location="query")
@blueprint.doc(
    responses={
        **errors("bad_request", "camera_closed", "no_frame", *UNREADABLE),
        **UNCHANGED,
        200: SHOWN,
    }
)
def frame(query_data: Waiting) -> ResponseReturnValue:
    """Give the newest picture; its ETag names it."""
    shot = current_camera().shot(_seen(), query_data.wait)
    return _tagged(Response(shot.jpeg, mimetype="image/jpeg"), shot.tag)


@blueprint.post("/camera/frame")
@blueprint.output(SentAnswer, description="The number that the picture got")
@blueprint.doc(
    responses=errors(*PICTURE_ERRORS[:4], "camera_closed"), extensions={"requestBody": A_PICTURE}
)
def send() -> ResponseReturnValue:
    """Take the next picture of the camera `browser`; one that nobody has looked at is replaced."""
    _, encoded = picture_of(request)
    return jsonify(frame=current_camera().send(encoded))


@blueprint.get("/camera/look")
@blueprint.input(Waiting, location="query")
@blueprint.output(LookAnswer, description="The cells, the focus, the rates, the count")
@blueprint.doc(responses={**errors("bad_request"), **UNCHANGED})
def look(query_data: Waiting) -> ResponseReturnValue:
    """Tell what is found in the newest picture that was looked at.

    Pictures are looked at for some seconds after this was asked. Each cell counts once, however
    long it stays in view.
    """
    tag, found = current_camera().look(_seen(), query_data.wait)
    return _tagged(jsonify(to_json(found)), tag)


@blueprint.post("/camera/white-reference")
@blueprint.output(CameraAnswer, description="How the camera is")
@blueprint.doc(
    responses=errors(
        "camera_closed", "no_frame", "camera_silent", "no_blank_field", "busy", *UNREADABLE
    )
)
def take_white_reference() -> ResponseReturnValue:
    """Take uneven light and its color, as the blank glass in view shows it, from all pictures."""
    current_camera().take_white_reference()
    return _state()


@blueprint.delete("/camera/white-reference")
@blueprint.output(CameraAnswer, description="How the camera is")
def clear_white_reference() -> ResponseReturnValue:
    """Show pictures as they come again."""
    current_camera().clear_white_reference()
    return _state()


@blueprint.delete("/camera/count")
@blueprint.output(CameraAnswer, description="How the camera is")
def count_anew() -> ResponseReturnValue:
    """Forget what was counted, for another slide."""
    current_camera().count_anew()
    return _state()


def _state() -> Response:
    return jsonify(to_json(current_camera().state))


def _seen() -> str | None:
    return next(iter(request.if_none_match.as_set()), None)


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    unless_known(response, request)
    return response
