"""The live view: frames as they come, analyzed where that is asked for."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from runtime.answers import Refusal
from runtime.errors import CameraError, ImageError
from runtime.field_answers import FieldAnalysis
from runtime.frames import ENDED, LOST, Frame, FrameSource
from runtime.images import Picture
from runtime.quality import focus
from runtime.white_reference import PICTURES, WhiteReference

Analyze: TypeAlias = Callable[[Picture, str], FieldAnalysis]

RATE_S: Final = 3.0  # over which frame rates are means
_WAIT_S: Final = 0.25


@dataclass(frozen=True)
class Look:
    """One frame that was looked at.

    Attributes:
        frame: the frame.
        answer: what was found in it; a refusal where it cannot be read; None where nothing was
            asked for.
        size: width and height in pixels; None where it cannot be read.
        focus: how sharp it is beside others of the same scene, see `quality.focus`.
        looked_per_s: frames a second that are looked at.
        given_per_s: frames a second that the source gives.
    """

    frame: Frame
    answer: FieldAnalysis | Refusal | None
    size: tuple[int, int] | None
    focus: float | None
    looked_per_s: float
    given_per_s: float


def watch(
    source: FrameSource, most: int | None = None, seconds: float | None = None
) -> Iterator[Frame]:
    """Give the newest frame again and again, through losses, until there is reason to stop.

    Args:
        source: an open source.
        most: how many frames to give; None for no limit.
        seconds: how long to go on; None for no limit.

    Raises:
        HematoVisionError: the source could not be opened at all, or can give nothing further.
    """
    start_s, given = time.monotonic(), 0
    while most is None or given < most:
        left_s = _WAIT_S if seconds is None else start_s + seconds - time.monotonic()
        if left_s <= 0:
            return
        frame = source.next(min(_WAIT_S, left_s))
        if frame is not None:
            given += 1
            yield frame
            continue
        state = source.state
        if state.error and (state.phase == ENDED or (state.phase == LOST and source.seen == 0)):
            raise state.error
        if state.phase == ENDED:
            return


def looks(
    frames: Iterator[Frame],
    source: FrameSource,
    analyze: Analyze | None = None,
    reference: WhiteReference | None = None,
) -> Iterator[Look]:
    """Look at frames: decode them, correct their light, analyze them.

    Args:
        frames: as `watch` gives them.
        source: where they come from.
        analyze: what finds cells in a picture of some name; None for no analysis.
        reference: the white reference of this microscope.
    """
    rates = _Rates(source)
    for frame in frames:
        answer: FieldAnalysis | Refusal | None = None
        size = sharpness = None
        try:
            picture = frame.picture()
            size, sharpness = (picture.shape[1], picture.shape[0]), focus(picture)
            if reference:
                picture = reference.correct(picture)
            if analyze:
                answer = analyze(picture, frame.name)
        except ImageError as error:
            answer = Refusal.of(frame.name, error)
        looked_per_s, given_per_s = rates.looked()
        yield Look(frame, answer, size, sharpness, looked_per_s, given_per_s)


class _Rates:
    """Frames a second, as means over the last `RATE_S` or so."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._looks = deque([(time.monotonic(), source.seen)])  # when, and frames given by then

    def looked(self) -> tuple[float, float]:
        """Take a look into account; give how many are looked at a second, and how many given."""
        now_s, seen = time.monotonic(), self._source.seen
        while len(self._looks) > 1 and now_s - self._looks[0][0] > RATE_S:
            self._looks.popleft()
        if now_s - self._looks[0][0] > 2 * RATE_S:  # rates are told of what is, not of a loss
            self._looks[0] = (now_s - RATE_S, seen - 1)
        begun_s, given_before = self._looks[0]
        passed_s = max(now_s - begun_s, 1e-6)
        rates = len(self._looks) / passed_s, (seen - given_before) / passed_s
        self._looks.append((now_s, seen))
        return rates


def take_white_reference(source: FrameSource, seconds: float) -> WhiteReference:
    """Take the white reference from what a camera shows now, which must be glass alone.

    Args:
        source: an open source.
        seconds: how long to wait for enough pictures.

    Raises:
        HematoVisionError: the source gives too few pictures.
        ImageError: they do not show a blank field.
    """
    pictures = [frame.picture() for frame in watch(source, PICTURES, seconds)]
    if len(pictures) < PICTURES:
        raise CameraError(
            "camera_silent",
            f"{source.feed.name} gave {len(pictures)} of {PICTURES} pictures in {seconds:.0f} s: "
            "check the camera",
        )
    return WhiteReference.of(pictures)
