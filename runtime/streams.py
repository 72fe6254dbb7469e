"""Standard output and error, whatever the caller has left of them."""

import io
import os
import sys
from pathlib import Path


def open_streams() -> None:
    """Make both writable: closed ones lead nowhere, and no character of a name breaks them."""
    for name in ("stdout", "stderr"):
        # Its number would else go to the next file that is opened, and prints into that file.
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - stays
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Throw away what is left to write, which would fail again when the program ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
