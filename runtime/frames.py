"""Pictures of a running camera: opened, watched, lost and found again.

Concurrency: a reader thread takes what a feed gives and keeps one picture, the newest, for whoever
asks; a feed that is not live waits until that one was taken, so nothing queues up and no picture of
a recording is passed over. A supervisor thread starts a reader, calls one that falls silent lost,
and starts the next, waiting a little longer each time. A driver that hangs holds its reader alone:
no second one is started beside it, and the program can still end.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from runtime.errors import CameraError, HematoVisionError
from runtime.feed import Feed, silent
from runtime.images import Picture, Source, decode

Phase = Literal["opening", "live", "lost", "ended"]
OPENING: Final = "opening"
LIVE: Final = "live"
LOST: Final = "lost"
ENDED: Final = "ended"
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 10.0
_TICK_S: Final = 0.1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """How a source is.

    Attributes:
        phase: `opening`, `live`, `lost` (and tried again) or `ended`.
        message: the same in one line.
        error: why it is lost, or has ended before its time.
    """

    phase: Phase
    message: str
    error: HematoVisionError | None = None


@dataclass(frozen=True)
class Frame:
    """One picture of a source, not decoded yet.

    Attributes:
        number: counts all pictures that the source gave, also those passed over, from 1.
        name: what an answer calls it.
        source: what `decode` takes.
        taken_s: when it came, on the clock of `time.monotonic`.
    """

    number: int
    name: str
    source: Source
    taken_s: float

    def picture(self) -> Picture:
        """Decode it.

        Raises:
            ImageError: as `runtime.images.decode`.
        """
        return decode(self.source, self.name)


class FrameSource:
    """The newest picture of a feed, whatever happens to it; use it in a `with`."""

    def __init__(self, feed: Feed, tell: Callable[[State], None] | None = None) -> None:
        """Take a feed, which is opened on entering the `with`.

        Args:
            feed: where pictures come from.
            tell: is called with each new state, in a thread of the source.
        """
        self.feed = feed
        self._tell = tell
        self._changed = threading.Condition()
        self._state = State(OPENING, f"{feed.name}: opening")
        self._frame: Frame | None = None
        self._count = 0
        self._heard_s = 0.0
        self._failure: HematoVisionError | None = None
        self._stopped = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="camera", daemon=True)

    def __enter__(self) -> Self:
        """Open the feed in a thread; its state tells when it is live."""
        self._supervisor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the feed; a driver that hangs is left behind."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        self.feed.close()
        self._supervisor.join(5)

    @property
    def state(self) -> State:
        """How the source is now."""
        return self._state

    @property
    def seen(self) -> int:
        """How many pictures the source gave, those passed over among them."""
        return self._count

    def next(self, timeout_s: float) -> Frame | None:
        """Take the newest picture that was not taken before.

        Args:
            timeout_s: how long to wait for one.

        Returns:
            None when none came in time, or none will come.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._frame is not None or self._state.phase == ENDED, timeout_s
            )
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            return frame

    def _supervise(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopped.is_set():
            self._enter(State(OPENING, f"{self.feed.name}: opening"))
            self._heard_s, self._failure = time.monotonic(), None
            before = self._count
            reader = threading.Thread(target=self._read, name="camera reader", daemon=True)
            reader.start()
            while reader.is_alive() and not self._stopped.is_set():
                reader.join(_TICK_S)
                self._watch()
            if self._stopped.is_set():
                reader.join(4)  # a program that does not end is killed meanwhile
                return
            failure = self._failure
            if not isinstance(failure, CameraError):
                message = str(failure) if failure else f"{self.feed.name}: no further pictures"
                self._enter(State(ENDED, message, failure))
                return
            if self._count > before:
                wait_s = FIRST_WAIT_S
            if self._state.phase != LOST:  # else it was silent, and this is only how it was left
                self._enter(State(LOST, str(failure), failure))
            self._stopped.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _watch(self) -> None:
        """Call a feed lost that is silent for too long, and break off its waiting."""
        patience_s = self.feed.patience_s
        with self._changed:
            waiting = self._frame is not None and not self.feed.live
            late = patience_s is not None and time.monotonic() - self._heard_s > patience_s
        if late and not waiting and self._state.phase in (OPENING, LIVE):
            error = silent(self.feed)
            self._enter(State(LOST, str(error), error))
            self.feed.close()

    def _read(self) -> None:
        try:
            with closing(self.feed.frames()) as frames:
                for source in frames:
                    if self._stopped.is_set():
                        return
                    self._take(source)
        except HematoVisionError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - a thread's end would else go unnoticed
            _log.exception("%s failed", self.feed.name)
            self._failure = CameraError("camera_lost", f"{self.feed.name} failed ({error})")

    def _take(self, source: Source | None) -> None:
        self._heard_s = time.monotonic()
        if self._state.phase != LIVE:
            notes = "".join(f"; {note}" for note in self.feed.notes)
            self._enter(State(LIVE, f"{self.feed.name}: live{notes}"))
        if source is None:
            return
        with self._changed:
            if not self.feed.live:
                self._changed.wait_for(lambda: self._frame is None or self._stopped.is_set())
            self._count += 1
            name = str(source) if isinstance(source, str | Path) else f"frame {self._count}"
            self._frame = Frame(self._count, name, source, self._heard_s)
            self._heard_s = time.monotonic()
            self._changed.notify_all()

    def _enter(self, state: State) -> None:
        with self._changed:
            if state.message == self._state.message and state.phase == self._state.phase != OPENING:
                return
            self._state = state
            self._changed.notify_all()
        if self._tell:
            self._tell(state)
