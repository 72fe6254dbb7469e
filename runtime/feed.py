"""What every source of pictures offers, whatever gives them."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Protocol

from runtime.errors import CameraError
from runtime.images import Source

SILENT_S: Final = 10.0
Size = tuple[int, int]  # width and height in pixels


@dataclass(frozen=True)
class Listed:
    """A camera that is there: what names it as a source, and what it calls itself."""

    source: str
    name: str


class Feed(Protocol):
    """A camera, stream, recording or folder that can be opened, again and again.

    Attributes:
        name: what messages call it.
        live: whether only its newest picture matters; else none may be left out.
        moving: whether a cell may be in many pictures; else each is a field of its own.
        patience_s: how long it may be silent before it counts as lost; None for ever.
        notes: what there is to say of it once it is open.
        advice: what to do where no picture comes.
    """

    name: str
    live: bool
    moving: bool
    patience_s: float | None
    notes: list[str]
    advice: str

    def frames(self) -> Generator[Source | None, None, None]:
        """Open it and give its pictures as they come, None for "open, no picture yet".

        It ends where there will be no further picture, and is closed then or by closing the
        iterator.

        Raises:
            CameraError: it cannot be opened, or is lost, for now.
            HematoVisionError: it can never be opened.
        """

    def close(self) -> None:
        """Break off what `frames` waits for, from another thread, where that is possible."""


def silent(feed: Feed, seconds: float = SILENT_S) -> CameraError:
    """Say that a source is there and has given nothing for so many seconds."""
    return CameraError(
        "camera_silent", f"{feed.name} has sent no picture for {seconds:g} s: {feed.advice}"
    )
