"""A request to end, SIGTERM, is taken as Ctrl-C is: what is open is closed, counts are told."""

import signal
import threading
from collections.abc import Callable, Iterator
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


@contextmanager
def ending_between_steps() -> Iterator[Callable[[], None]]:
    """Keep a request to end, SIGTERM or Ctrl-C, for the next step; a second one comes at once.

    Yields:
        What the block calls between its steps: it raises `Terminated` or `KeyboardInterrupt` when
        the end was asked for.
    """
    asked = list[type[KeyboardInterrupt]]()

    def keep(number: int, _: FrameType | None) -> None:
        asked.append(Terminated if number == signal.SIGTERM else KeyboardInterrupt)
        if len(asked) > 1:
            raise asked[-1]

    def between() -> None:
        if asked:
            raise asked[-1]

    if threading.current_thread() is not threading.main_thread():
        yield between
        return
    before = {number: signal.signal(number, keep) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield between
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
