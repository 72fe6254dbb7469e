"""The camera over REST: open, look through, close."""

from typing import Annotated

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime import to_json
from runtime.sources import cameras
from webapp.errors import RequestError
from webapp.live.camera import current_camera
from webapp.uploads import picture_of

LONGEST_WAIT_S = 2.0
MOST_PX = 10_000

blueprint = Blueprint("camera", __name__, url_prefix="/api/v1")
Side = Annotated[int, Field(ge=1, le=MOST_PX)]


class Wish(BaseModel):
    """Which camera to open, and how."""

    model_config = ConfigDict(extra="forbid", strict=True)

    source: Annotated[str, Field(min_length=1, max_length=1000)]
    size: Annotated[list[Side], Field(min_length=2, max_length=2)] | None = None
    lock: bool = False


@blueprint.get("/cameras")
def list_cameras() -> ResponseReturnValue:
    """List the cameras at this device."""
    return jsonify(cameras=to_json(cameras()))


@blueprint.get("/camera")
def state() -> ResponseReturnValue:
    """Say which camera is open and how it is."""
    return jsonify(to_json(current_camera().state))


@blueprint.put("/camera")
def open_camera() -> ResponseReturnValue:
    """Open a camera in place of the one that is open; the same one stays as it is."""
    wish = _wish()
    size = (wish.size[0], wish.size[1]) if wish.size else None
    current_camera().open(wish.source, size, lock=wish.lock)
    return jsonify(to_json(current_camera().state))


@blueprint.delete("/camera")
def close_camera() -> ResponseReturnValue:
    """Close the camera that is open, if any."""
    current_camera().close()
    return jsonify(to_json(current_camera().state))


@blueprint.get("/camera/frame")
def frame() -> ResponseReturnValue:
    """Give the newest picture as JPEG; `wait` seconds for one that differs from `If-None-Match`."""
    shot = current_camera().shot(_seen(), _wait_s())
    return _tagged(Response(shot.jpeg, mimetype="image/jpeg"), shot.tag)


@blueprint.post("/camera/frame")
def send() -> ResponseReturnValue:
    """Take the next picture of the browser's camera; one that nobody has looked at is replaced."""
    _, encoded = picture_of(request)
    return jsonify(frame=current_camera().send(encoded))


@blueprint.get("/camera/look")
def look() -> ResponseReturnValue:
    """Tell what is found in the newest picture; `wait` as for `frame`."""
    tag, document = current_camera().look(_seen(), _wait_s())
    return _tagged(jsonify(to_json(document)), tag)


@blueprint.post("/camera/white-reference")
def take_white_reference() -> ResponseReturnValue:
    """Take the light of the blank glass that is shown, for the pictures from now on."""
    current_camera().take_white_reference()
    return jsonify(to_json(current_camera().state))


@blueprint.delete("/camera/white-reference")
def clear_white_reference() -> ResponseReturnValue:
    """Show pictures as they come again."""
    current_camera().clear_white_reference()
    return jsonify(to_json(current_camera().state))


@blueprint.delete("/camera/count")
def count_anew() -> ResponseReturnValue:
    """Forget what was counted, for another slide."""
    current_camera().count_anew()
    return jsonify(to_json(current_camera().state))


def _wish() -> Wish:
    try:
        return Wish.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise RequestError(
            "bad_request",
            f"{where}: {first['msg']}; send JSON such as "
            '{"source": "0", "size": [1920, 1080], "lock": false}',
        ) from None


def _seen() -> str | None:
    return next(iter(request.if_none_match.as_set()), None)


def _wait_s() -> float:
    wait_s = request.args.get("wait", default=0.0, type=float)
    if not 0 <= wait_s <= LONGEST_WAIT_S:
        raise RequestError("bad_request", f"wait is 0 to {LONGEST_WAIT_S:g} seconds")
    return wait_s


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.make_conditional(request)
    return response
