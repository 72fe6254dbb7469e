"""The shapes of what is asked of the camera and told of it."""

from typing import Annotated

from pydantic import BaseModel, Field, RootModel

from runtime.feed import Listed
from webapp.api.schemas import Answer, Body
from webapp.live.look import CameraState, LookDocument

LONGEST_WAIT_S = 2.0
Side = Annotated[int, Field(ge=1, le=10_000, description="pixels")]


class CameraWish(Body):
    """Which camera to open, and how."""

    source: str = Field(
        min_length=1,
        max_length=1000,
        description="a camera's number or device file, `rpicam`, `rpicam:NUMBER`, an `http://` "
        "address of a Motion JPEG stream, `browser`, or a video or folder in `--camera-folder`",
        examples=["0"],
    )
    size: tuple[Side, Side] | None = Field(
        None, strict=False, description="width and height to ask it for"
    )
    lock: bool = Field(
        False, description="whether to fix exposure and white balance once they have settled"
    )


class Waiting(BaseModel):
    """How long to wait for something new."""

    wait: float = Field(
        0.0,
        ge=0,
        le=LONGEST_WAIT_S,
        description="seconds to wait for what differs from `If-None-Match`; where many wait "
        "already, the answer comes at once",
    )


class CamerasAnswer(Answer):
    """The cameras at this device."""

    cameras: list[Listed]


class CameraAnswer(Answer, RootModel[CameraState]):
    """Which camera is open and how it is."""


class SentAnswer(Answer):
    """The number of a picture that was sent."""

    frame: int


class LookAnswer(Answer, RootModel[LookDocument]):
    """What is found in the newest picture, and what has been counted."""
