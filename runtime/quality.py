"""Whether a field can be counted on, and if not what a person can do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.detection import Found
from runtime.images import Picture


@dataclass(frozen=True)
class Reason:
    """Why a field should not be counted: a stable code and a sentence that says what to do."""

    code: str
    message: str


@dataclass(frozen=True)
class Quality:
    """Whether a field can be counted, and what is wrong with it."""

    usable: bool
    reasons: tuple[Reason, ...]


def judge_field(picture: Picture, cells: Sequence[Found], um_per_px: float | None) -> Quality:
    """Judge a field.

    Args:
        picture: (height, width, 3) uint8 RGB.
        cells: what was found in it.
        um_per_px: its scale in micrometers per pixel, None where unknown.
    """
    if cells:
        return Quality(True, ())
    return Quality(False, (Reason("no_cells", "no blood cells found: move to another field"),))
