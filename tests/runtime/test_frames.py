"""A source keeps the newest picture, and is lost and found again without help."""

import threading
import time
from collections.abc import Callable, Generator, Iterable
from itertools import count

import numpy as np
import pytest

from runtime.errors import CameraError, HematoVisionError
from runtime.frames import Frame, FrameSource, State
from runtime.images import Source

Script = Callable[[], Iterable[Source | None]]


class Scripted:
    """A feed that plays one script after another, each time that it is opened."""

    def __init__(
        self, *scripts: Script, live: bool = True, patience_s: float | None = None
    ) -> None:
        self.name, self.live, self.patience_s = "the camera", live, patience_s
        self.moving = True
        self.notes = ["exposure locked"]
        self.advice = "look at it"
        self.closed = threading.Event()
        self._scripts = iter(scripts)

    def frames(self) -> Generator[Source | None, None, None]:
        self.closed.clear()
        yield from next(self._scripts)()

    def close(self) -> None:
        self.closed.set()


def picture(level: int) -> Source:
    return np.full((10, 12, 3), level, np.uint8)


def level(frame: Frame | None) -> int:
    assert frame is not None
    return int(frame.picture()[0, 0, 0])


def failing(error: HematoVisionError, *before: Source) -> Script:
    def script() -> Iterable[Source]:
        yield from before
        raise error

    return script


def until(condition: Callable[[], bool], limit_s: float = 10) -> None:
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.01)


LOST = CameraError("camera_lost", "the camera was unplugged")
BUSY = CameraError("camera_busy", "the camera is busy")


def test_the_newest_picture_wins_and_nothing_queues_up() -> None:
    go_on = threading.Event()

    def script() -> Iterable[Source]:
        yield from (picture(i) for i in range(200))
        go_on.wait(10)
        yield picture(250)
        go_on.clear()
        go_on.wait(10)

    with FrameSource(Scripted(script)) as source:
        until(lambda: source.seen == 200)
        newest = source.next(5)
        assert (level(newest), newest.number if newest else 0) == (199, 200)
        assert source.next(0.05) is None
        go_on.set()
        assert level(source.next(5)) == 250
        go_on.set()


def test_no_picture_of_a_recording_is_passed_over() -> None:
    recording = Scripted(lambda: (picture(i) for i in range(50)), live=False)
    with FrameSource(recording) as source:
        levels = list[int]()
        while (frame := source.next(5)) is not None:
            levels.append(level(frame))
            time.sleep(0.001)
        assert levels == list(range(50))
        assert source.state.phase == "ended"


def test_a_camera_that_is_unplugged_is_found_again() -> None:
    states = list[State]()
    camera = Scripted(
        failing(LOST, picture(1)),
        failing(LOST),
        lambda: (time.sleep(0.01) or picture(2) for _ in count()),
    )
    with FrameSource(camera, states.append) as source:
        until(lambda: source.seen > 3)
        assert level(source.next(5)) == 2
    assert [state.phase for state in states[:5]] == ["opening", "live", "lost", "opening", "lost"]
    assert states[-1].phase == "live"
    assert states[1].message == "the camera: live; exposure locked"
    assert (states[2].message, states[2].error) == (str(LOST), LOST)


def test_it_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.frames.FIRST_WAIT_S", 0.2)
    times = list[float]()

    def script() -> Iterable[Source]:
        times.append(time.monotonic())
        raise BUSY

    with FrameSource(Scripted(*[script] * 9)):
        until(lambda: len(times) == 4)
    assert (np.diff(times) >= [0.2, 0.4, 0.8]).all()


def test_what_can_never_be_opened_is_not_tried_again() -> None:
    never = HematoVisionError("dependency_missing", "install OpenCV")
    with FrameSource(Scripted(failing(never))) as source:
        assert source.next(5) is None
        assert source.state == State("ended", "install OpenCV", never)


def test_a_silent_camera_is_lost_and_closed_and_may_come_back() -> None:
    camera = Scripted(lambda: silent_once(), patience_s=0.3)

    def silent_once() -> Iterable[Source]:
        yield picture(1)
        camera.closed.wait(10)
        yield picture(2)
        time.sleep(0.2)

    states = list[State]()
    with FrameSource(camera, states.append) as source:
        until(lambda: source.seen == 2)
    assert [state.phase for state in states[:4]] == ["opening", "live", "lost", "live"]
    assert "no picture" in states[2].message


def test_a_folder_may_be_silent() -> None:
    go_on = threading.Event()

    def script() -> Iterable[Source | None]:
        yield None
        go_on.wait(10)

    with FrameSource(Scripted(script, live=False)) as source:
        until(lambda: source.state.phase == "live")
        assert source.next(0.5) is None
        assert source.state.phase == "live"
        go_on.set()


def test_a_driver_that_hangs_neither_blocks_the_caller_nor_is_opened_twice() -> None:
    opened, go_on = list[int](), threading.Event()

    def script() -> Iterable[Source]:
        opened.append(1)
        go_on.wait(30)
        yield from ()

    start_s = time.monotonic()
    with FrameSource(Scripted(script, script, patience_s=0.2)) as source:
        assert source.next(0.1) is None
        until(lambda: source.state.phase == "lost")
        time.sleep(0.5)
        assert opened == [1]
    assert time.monotonic() - start_s < 8
    go_on.set()


def test_a_fault_in_a_feed_is_a_loss_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Iterable[Source]:
        raise RuntimeError("a bug")

    with FrameSource(Scripted(broken, lambda: [picture(1)])) as source:
        assert level(source.next(5)) == 1
    assert "a bug" in caplog.text


def test_pictures_from_files_keep_their_name() -> None:
    with FrameSource(Scripted(lambda: ["field_1.png", picture(1)], live=False)) as source:
        frames = [source.next(5), source.next(5)]
    assert [frame.name for frame in frames if frame] == ["field_1.png", "frame 2"]
