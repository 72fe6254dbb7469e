"""A request to end, SIGTERM, is taken as Ctrl-C is: what is open is closed, counts are told."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The system, or whoever started this program, asks it to end."""


@contextmanager
def ending_politely() -> Iterator[None]:
    """Raise `Terminated` for the time of a block where SIGTERM would end the program at once."""

    def end(_: int, __: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
