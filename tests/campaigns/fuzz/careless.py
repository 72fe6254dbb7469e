"""A target that does everything wrong, to prove that it is found out."""

import os
import signal
import time
from pathlib import Path

from runtime.errors import HematoVisionError
from tests.campaigns.fuzz.target import Target

_held = bytearray()


def careless(folder: Path) -> Target:
    """Crash, hang, swell, raise and babble, each for a part of its own."""

    def run(part: str, content: bytes) -> None:
        match part:
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                time.sleep(3600)
            case "swell":
                _held.extend(b"\1" * 150_000_000)
            case "raise":
                1 // 0  # noqa: B018
            case _:
                error = HematoVisionError("x", "")
                error.args = ("two\nlines",)
                raise error

    return Target({part: [b"x"] for part in ("raise", "babble", "crash", "hang", "swell")}, run)
