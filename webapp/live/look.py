"""What is told of the open camera; `runtime.answers.to_json` turns it into JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from runtime.answers import Problem, Refusal
from runtime.differential import Differential
from runtime.field_answers import FieldAnalysis, FieldModels
from runtime.frames import ENDED, LIVE, LOST, OPENING, Phase, State

Condition = Literal["closed", "opening", "open", "lost", "ended"]
CONDITIONS: Final[Mapping[Phase, Condition]] = {
    OPENING: "opening",
    LIVE: "open",
    LOST: "lost",
    ENDED: "ended",
}


@dataclass(frozen=True)
class CameraState:
    """How the camera is.

    Attributes:
        state: `closed`, `opening`, `open`, `lost` (and tried again) or `ended` (for good).
        message: the same in a sentence.
        error: why it is lost, or has ended before its time, and what to do.
        source: what it was opened by, without name and password.
        white_reference: SHA-256 of the white reference that its pictures are corrected by, if any.
    """

    state: Condition
    message: str
    error: Problem | None = None
    source: str | None = None
    white_reference: str | None = None


CLOSED: Final = CameraState("closed", "no camera is open: choose one")


@dataclass(frozen=True)
class Counted:
    """What has been counted since the camera was opened, each cell once.

    Attributes:
        fields: pictures that were worth counting.
        unusable: pictures that were not.
        counts: kind to number of different cells.
        differential: of the different white cells.
    """

    fields: int
    unusable: int
    counts: Mapping[str, int]
    differential: Differential


@dataclass(frozen=True)
class Look:
    """What was found in the newest picture that was looked at.

    Attributes:
        frame: number of the picture, from 1.
        width: in pixels; None where it cannot be read.
        height: in pixels; None where it cannot be read.
        focus: how sharp it is beside others of the same scene, see `runtime.quality.focus`.
        given_per_s: pictures a second that the camera gives.
        looked_per_s: pictures a second that are looked at.
        result: as of one field; None where no model can look for cells.
    """

    frame: int
    width: int | None
    height: int | None
    focus: float | None
    given_per_s: float
    looked_per_s: float
    result: FieldAnalysis | Refusal | None


@dataclass(frozen=True)
class LookDocument:
    """The document of `GET /api/v1/camera/look`.

    Attributes:
        camera: how the camera is.
        models: the networks that look; None without any.
        problem: why none looks.
        look: the newest; None before the first.
        counted: what has been counted; None as above, and without models.
    """

    camera: CameraState
    models: FieldModels | None
    problem: Problem | None
    look: Look | None
    counted: Counted | None
    schema: str = "hematovision.look/1"


def state_of(state: State, source: str, white_reference: str | None) -> CameraState:
    """Tell how an open source is."""
    error = Problem(state.error.code, str(state.error)) if state.error else None
    return CameraState(CONDITIONS[state.phase], state.message, error, source, white_reference)
