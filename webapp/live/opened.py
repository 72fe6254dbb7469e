"""An open camera: its newest picture, and what is found in it while somebody asks.

Concurrency: beside the threads of `runtime.frames.FrameSource` a viewer keeps the newest picture
for everybody, and a looker analyzes the newest again and again, each within a turn of the service,
so that it stands in line with the requests. The looker rests when nobody has asked for `RESTS_S`.
A recording, or a folder, goes on when its picture was looked at, so none is passed over. All that
others read is replaced whole under one condition, which wakes whoever waits for something new.
"""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Final

from runtime import live
from runtime.answers import Problem
from runtime.errors import CameraError, HematoVisionError
from runtime.feed import Feed
from runtime.field_answers import FieldAnalysis
from runtime.frames import ENDED, Frame, FrameSource, State
from runtime.images import Picture
from runtime.live_count import LiveCount
from runtime.white_reference import PICTURES, WhiteReference
from webapp.errors import RequestError
from webapp.live.look import CameraState, Counted, Look, LookDocument, state_of
from webapp.live.shots import Capture, Shot, even, jpeg_of
from webapp.service import Service

RESTS_S: Final = 5.0  # after the last question
REFERENCE_S: Final = 5.0  # that the pictures of a white reference may take
_WAIT_S: Final = 0.25
_log = logging.getLogger(__name__)


class OpenCamera:
    """A source that was opened; close it."""

    def __init__(self, feed: Feed, source: str, service: Service) -> None:
        """Open a feed.

        Args:
            feed: where pictures come from.
            source: what to call it in answers.
            service: whose networks look.
        """
        self.feed = feed
        self._called, self._service = source, service
        self._name = secrets.token_hex(4)  # no picture of another opening has the same tag
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._frame: Frame | None = None
        self._look: Look | None = None
        self._count = self._new_count()
        self._counted = self._sum()
        self._reference: WhiteReference | None = None
        self._edition = 0  # of everything but the frame
        self._light = 0  # of the white reference
        self._asked_s = -math.inf
        self._encoding = threading.Lock()
        self._shot: Shot | None = None
        self._source = FrameSource(feed, self._tell)
        self._source.__enter__()
        self._threads = [
            threading.Thread(target=self._view, name="camera viewer", daemon=True),
            threading.Thread(target=self._look_on, name="camera looker", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Close the feed and end all threads; a driver that hangs is left behind."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        self._source.__exit__(None, None, None)
        for thread in self._threads:
            thread.join(5)

    @property
    def state(self) -> CameraState:
        """How the camera is now."""
        reference = self._reference
        return state_of(self._source.state, self._called, reference.sha256 if reference else None)

    def shot(self, seen: str | None, wait_s: float) -> Shot:
        """Give the newest picture, in even light where there is a white reference.

        Args:
            seen: tag of the picture that is known already, which is not waited for.
            wait_s: how long to wait for another one.

        Raises:
            CameraError: `no_frame`, none has come yet.
            ImageError: it cannot be read, or has another size than the white reference.
        """
        with self._changed:
            self._wait(lambda: self._frame is not None and self._shot_tag() != seen, wait_s)
            frame, reference, tag = self._known_frame(), self._reference, self._shot_tag()
        with self._encoding:
            if self._shot is None or self._shot.tag != tag:
                self._shot = Shot(tag, jpeg_of(frame, reference))
            return self._shot

    def capture(self) -> Capture:
        """Take the newest picture to keep, as it is shown now.

        Raises:
            CameraError: `no_frame`, none has come yet.
        """
        with self._changed:
            return Capture(self._known_frame(), self._reference)

    def look(self, seen: str | None, wait_s: float) -> tuple[str, LookDocument]:
        """Give what is found in the newest picture, and go on looking for a while.

        Args:
            seen: tag of the answer that is known already, which is not waited for.
            wait_s: how long to wait for another one.

        Returns:
            Its tag, and the answer.
        """
        with self._changed:
            self._asked_s = time.monotonic()
            self._changed.notify_all()
            self._wait(lambda: self._tag() != seen, wait_s)
            look, counted, tag, state = self._look, self._counted, self._tag(), self.state
        analyzer, problem = self._service.analyzer, self._service.why_no_analyzer
        return tag, LookDocument(
            state,
            analyzer.models if analyzer else None,
            Problem(problem.code, str(problem)) if problem else None,
            look,
            counted,
        )

    def arrived(self, number: int, wait_s: float) -> None:
        """Wait until a picture after that of some number is the newest."""
        with self._changed:
            self._wait(lambda: self._frame is not None and self._frame.number > number, wait_s)

    @property
    def number(self) -> int:
        """Number of the newest picture, 0 before the first."""
        return self._frame.number if self._frame else 0

    def take_white_reference(self) -> None:
        """Take the white reference from what is shown now, which must be glass alone.

        Raises:
            CameraError: `no_frame` or `camera_silent`.
            ImageError: `no_blank_field`.
        """
        reference = WhiteReference.of(self._pictures(PICTURES if self.feed.live else 1))
        self._set_reference(reference)

    def clear_white_reference(self) -> None:
        """Show pictures as they come again."""
        self._set_reference(None)

    def count_anew(self) -> None:
        """Forget what was counted, for another slide."""
        with self._changed:
            self._count = self._new_count()
            self._counted = self._sum()
            self._turned()

    def _set_reference(self, reference: WhiteReference | None) -> None:
        with self._changed:
            self._reference = reference
            self._light += 1
            self._turned()

    def _pictures(self, wanted: int) -> list[Picture]:
        """Take the newest picture and the next ones, all different."""
        frames, end_s = list[Frame](), time.monotonic() + REFERENCE_S
        with self._changed:
            frames.append(self._known_frame())
            while len(frames) < wanted and not self._stopped.is_set():
                last = frames[-1].number
                self.arrived(last, end_s - time.monotonic())
                if self.number == last:
                    raise CameraError(
                        "camera_silent",
                        f"{self.feed.name} gave {len(frames)} of {wanted} pictures in "
                        f"{REFERENCE_S:.0f} s: check the camera, and take the reference again",
                    )
                frames.append(self._known_frame())
        return [frame.picture() for frame in frames]

    def _known_frame(self) -> Frame:
        if self._frame is None:
            raise CameraError("no_frame", f"No picture has come yet: {self._source.state.message}")
        return self._frame

    def _view(self) -> None:
        """Keep the newest picture."""
        while not self._stopped.is_set():
            if not self.feed.live:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_looked_at() or self._stopped.is_set())
            frame = self._source.next(_WAIT_S)
            if frame is not None:
                with self._changed:
                    self._frame = frame
                    self._changed.notify_all()
            elif self._source.state.phase == ENDED:
                return

    def _is_looked_at(self) -> bool:
        looked = self._look.frame if self._look else 0
        return self.number <= looked

    def _look_on(self) -> None:
        while not self._stopped.is_set():
            try:
                analyze = self._analyze if self._service.analyzer else None
                with closing(self._frames()) as frames:
                    for look in live.looks(frames, self._source, analyze):
                        self._keep(look)
            except HematoVisionError as error:
                _log.error("%s: a picture cannot be analyzed: %s", self.feed.name, error)
            except Exception:  # noqa: BLE001 - a thread's end would else go unnoticed
                _log.exception("%s: a picture cannot be analyzed", self.feed.name)
            self._stopped.wait(1)

    def _frames(self) -> Generator[Frame, None, None]:
        """Give the newest picture that was not looked at, within a turn, while somebody asks."""
        while not self._stopped.is_set():
            with self._changed:
                self._changed.wait_for(self._is_wanted, _WAIT_S)
                if not self._is_wanted():
                    continue
            try:
                with self._service.turn():
                    yield self._known_frame()
            except RequestError:  # too many are in line: the next picture may find a place
                self._stopped.wait(_WAIT_S)

    def _is_wanted(self) -> bool:
        return not self._is_looked_at() and time.monotonic() - self._asked_s < RESTS_S

    def _analyze(self, picture: Picture, name: str) -> FieldAnalysis:
        analyzer = self._service.analyzer
        assert analyzer is not None  # noqa: S101 - `_look_on` has asked
        return analyzer.analyze(even(picture, self._reference), name)

    def _keep(self, look: live.Look) -> None:
        width, height = look.size or (None, None)
        with self._changed:
            if isinstance(look.answer, FieldAnalysis):
                self._count.add(look.answer)
                self._counted = self._sum()
            self._look = Look(
                look.frame.number,
                width,
                height,
                look.focus,
                look.given_per_s,
                look.looked_per_s,
                look.answer,
            )
            self._turned()

    def _new_count(self) -> LiveCount:
        return LiveCount([c.id for c in self._service.classes], moving=self.feed.moving)

    def _sum(self) -> Counted | None:
        if self._service.analyzer is None:
            return None
        count = self._count
        return Counted(count.fields, count.unusable, count.counts, count.differential())

    def _tell(self, state: State) -> None:
        with self._changed:
            self._turned()

    def _turned(self) -> None:
        self._edition += 1
        self._changed.notify_all()

    def _wait(self, until: Callable[[], bool], wait_s: float) -> None:
        self._changed.wait_for(lambda: until() or self._stopped.is_set(), max(0.0, wait_s))

    def _tag(self) -> str:
        return f"{self._name}-{self._edition}"

    def _shot_tag(self) -> str:
        return f"{self._name}-{self.number}-{self._light}"
