"""The command `camera`: lists cameras, and looks through one."""

import argparse
import math
import sys
import time
from collections.abc import Iterable, Iterator

from runtime.answers import Refusal
from runtime.differential import TARGETS
from runtime.feed import silent
from runtime.field_answers import FieldAnalysis, FieldModels
from runtime.fields import Analyzer
from runtime.frames import ENDED, LIVE, OPENING, FrameSource, State
from runtime.lines import many, one_line
from runtime.live import Look, looks, take_white_reference, watch
from runtime.live_count import LiveCount
from runtime.sources import cameras, feed_of
from runtime.text import differential_lines
from runtime.white_reference import WhiteReference

ANSWERED, SOME_REFUSED = 0, 1
LINE_S = 1.0  # between the lines of a live view
WHITE_S = 15.0  # that the pictures of a white reference may take


class _StateTeller:
    """Tells how a source is on standard error; what ends the command is told by `main`."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._live, self._told = False, ""

    def __call__(self, state: State) -> None:
        """Tell a new state, but not each attempt to find a lost camera again."""
        again = self._live and state.phase == OPENING
        final = state.error is not None and (state.phase == ENDED or not self._live)
        self._live = self._live or state.phase == LIVE
        if not again and not final and state.message != self._told:
            self._told = state.message
            print(one_line(state.message), file=sys.stderr, flush=True)


def run_camera(args: argparse.Namespace) -> int:
    """Run the command and return its exit status.

    Raises:
        HematoVisionError: the source or a bundle is unusable.
    """
    if args.list:
        return _list_cameras()
    analyzer = None
    if args.analyze or args.target:
        analyzer = Analyzer.load(args.detector, args.model, args.threads, args.um_per_px)
    reference = WhiteReference.read(args.white) if args.white else None
    feed = feed_of(args.source, args.size, lock=args.lock)
    with FrameSource(feed, _StateTeller()) as source:
        if args.take_white:
            take_white_reference(source, args.seconds or WHITE_S).write(args.take_white)
            print(f"{args.take_white}: white reference taken, use it with --white")
            return ANSWERED
        frames = watch(source, args.frames, args.seconds)
        if analyzer is None:
            status = _look(looks(frames, source, None, reference), None, LINE_S)
            return _seen(source, args, status)
        classes = [c.id for c in analyzer.engine.bundle.classes]
        count = LiveCount(classes, args.target or TARGETS[0], moving=feed.moving)
        found = looks(frames, source, analyzer.analyze, reference)
        try:
            status = _look(
                found, count, LINE_S if feed.moving else 0, until_complete=args.target is not None
            )
            return _seen(source, args, status)
        finally:  # after Ctrl-C and SIGTERM too, and a loss for good
            print("", *count_lines(count, analyzer.models), sep="\n")


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


def _look(
    found: Iterable[Look], count: LiveCount | None, line_s: float, *, until_complete: bool = False
) -> int:
    """Show frames as they come, at most a line in so many seconds, and count what they show."""
    status, said, shown_s = ANSWERED, "", -math.inf
    for look in found:
        if isinstance(look.answer, Refusal):
            status = SOME_REFUSED
            # A damaged stream would say the same many times a second.
            if look.answer.error.message != said:
                said = look.answer.error.message
                print(one_line(said), file=sys.stderr)
        elif look.answer and count:
            count.add(look.answer)
        if time.monotonic() - shown_s >= line_s:
            shown_s = time.monotonic()
            print(look_line(look, count), flush=True)
        if until_complete and count and count.complete:
            break
    return status


def _seen(source: FrameSource, args: argparse.Namespace, status: int) -> int:
    """Pass on the status of what was seen, and refuse to call nothing at all a success."""
    if args.seconds and args.frames != 0 and source.seen == 0:
        raise silent(source.feed, args.seconds)
    return status


def _list_cameras() -> int:
    found = cameras()
    width = max((len(camera.source) for camera in found), default=0)
    for camera in found:
        print(f"{camera.source:{width}}  {camera.name}")
    if not found:
        print(
            "no camera found: plug one in, or name a source with --source, such as 0, an http:// "
            "address, a video file or a folder"
        )
    return ANSWERED
