"""The live view: frames as they come, analyzed where that is asked for, each cell counted once."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from runtime.answers import Refusal
from runtime.detection import KINDS
from runtime.differential import (
    TARGETS,
    Differential,
    FieldCount,
    Typed,
    differential,
    differential_lines,
    is_white,
)
from runtime.errors import CameraError, ImageError
from runtime.field_answers import FieldAnalysis, FieldModels, field_count
from runtime.frames import ENDED, LOST, Frame, FrameSource
from runtime.images import Picture
from runtime.lines import many, one_line
from runtime.quality import focus
from runtime.tracking import CellTracker
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
    times = deque[tuple[float, int]]([(time.monotonic(), source.seen)])
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
        now_s = time.monotonic()
        while len(times) > 1 and now_s - times[0][0] > RATE_S:
            times.popleft()
        if now_s - times[0][0] > 2 * RATE_S:  # rates are told of what is, not of a loss before
            times[0] = (now_s - RATE_S, source.seen - 1)
        begun_s, begun = times[0]
        passed_s = max(now_s - begun_s, 1e-6)
        looked_per_s, given_per_s = len(times) / passed_s, (source.seen - begun) / passed_s
        times.append((now_s, source.seen))
        yield Look(frame, answer, size, sharpness, looked_per_s, given_per_s)


class LiveCount:
    """Adds up what a moving picture, or one field after another, shows."""

    def __init__(
        self, classes: Sequence[str], target: int = TARGETS[0], *, moving: bool = True
    ) -> None:
        """Begin with nothing counted.

        Args:
            classes: ids of the classifier's classes.
            target: white cells that are to be counted.
            moving: whether pictures follow one another on one slide, so that a cell may be in many
                of them; else each is a field of its own, all of whose cells count.
        """
        self._classes, self._target = classes, target
        self.fields = 0
        self.unusable = 0
        self._tracker = CellTracker() if moving else None
        self._shown = Counter[str]()
        self._white = list[Typed]()
        self._framed = Counter[str]()
        self._area_um2 = 0.0
        self._scaled = True

    @property
    def counts(self) -> dict[str, int]:
        """Kind to how many different cells have been counted."""
        counts = self._tracker.counts if self._tracker else self._shown
        return {kind: counts.get(kind, 0) for kind in KINDS}

    @property
    def white(self) -> Sequence[Typed]:
        """What the different white cells are."""
        return self._tracker.white if self._tracker else self._white

    def add(self, field: FieldAnalysis) -> None:
        """Take what was found in the next picture; one that is not worth counting is left out."""
        if not field.quality.usable:
            self.unusable += 1
            return
        self.fields += 1
        self._shown.update(field.counts)
        here = field_count(field)
        self._framed.update(here.counts)
        if here.area_um2 is None:
            self._scaled = False
        else:
            self._area_um2 += here.area_um2
        if self._tracker:
            self._tracker.see(field.cells, field.width, field.height)
        else:
            self._white += here.white

    @property
    def complete(self) -> bool:
        """Whether the target is reached."""
        return sum(map(is_white, self.white)) >= self._target

    def differential(self) -> Differential:
        """Count the white cells so far.

        Red cells and platelets of a field are those of the mean picture, however long each was
        looked at.
        """
        area_um2 = self._area_um2 if self._scaled else None
        together = FieldCount(self.white, self._framed, area_um2, self.fields)
        return differential([together] if self.fields else [], self._classes, self._target)


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


def look_line(look: Look, count: LiveCount | None) -> str:
    """Say what a frame shows, what has been counted until it, and why it does not count."""
    size = f"{look.size[0]} x {look.size[1]}" if look.size else "unreadable"
    parts = [
        one_line(look.frame.name),
        size,
        f"{look.given_per_s:.1f} frames/s, {look.looked_per_s:.1f} looked at",
    ]
    if look.focus is not None:
        parts.append(f"focus {1000 * look.focus:.2f}")
    if count is not None:
        here = look.answer.counts if isinstance(look.answer, FieldAnalysis) else {}
        parts += [f"{kind} {n} ({here.get(kind, 0)} here)" for kind, n in count.counts.items()]
    if isinstance(look.answer, FieldAnalysis) and not look.answer.quality.usable:
        parts.append(f"not counted: {'; '.join(r.message for r in look.answer.quality.reasons)}")
    return "  ".join(parts)


def count_lines(count: LiveCount, models: FieldModels) -> Iterator[str]:
    """Sum up what was counted, and say by which models and what it is for."""
    kinds = ", ".join(f"{kind} {n}" for kind, n in count.counts.items())
    yield (
        f"counted in {many(count.fields, 'picture')}: {kinds}; "
        f"not worth counting: {many(count.unusable, 'picture')}"
    )
    if count.white:
        yield from ("", *differential_lines(count.differential()), "")
    names = ", ".join(f"{m.name} {m.version} {m.variant}" for m in (models.detect, models.classify))
    yield f"{names}. For Research Use Only."
