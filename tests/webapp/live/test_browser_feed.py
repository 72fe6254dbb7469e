"""Pictures that a page sends: the newest wins, silence is a loss, and the next one ends it."""

import time

from runtime.frames import FrameSource
from tests.webapp.live.scenes import until
from webapp.live.browser import BrowserFeed


def test_only_the_newest_picture_is_kept() -> None:
    feed = BrowserFeed()
    for number in range(5):
        feed.send(b"%d" % number)
    assert next(feed.frames()) == b"4"


def test_who_falls_silent_is_lost_and_found_at_once() -> None:
    states = list[str]()
    feed = BrowserFeed(silent_s=0.2)
    with FrameSource(feed, lambda state: states.append(state.phase)) as source:
        feed.send(b"first")
        until(lambda: states[-2:] == ["lost", "opening"])
        time.sleep(1)  # however long it is away, it is not lost again, nor waited for
        assert states[-1] == "opening"
        source.next(1)
        feed.send(b"second")
        start_s = time.monotonic()
        frame = source.next(5)
        assert frame is not None
        assert (frame.source, time.monotonic() - start_s < 0.5) == (b"second", True)
    assert states == ["opening", "live", "lost", "opening", "live"]
