"""One command at a time in a folder: a lock that the system releases when its holder dies."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime.errors import HematoVisionError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for the time of a block; one that is missing is made, and goes if left empty.

    Raises:
        HematoVisionError: `in_use`, another command holds it.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    handle = _open(folder)
    try:
        _lock(handle, folder)
        try:
            yield
        finally:
            if made:
                with suppress(OSError):  # something is in it
                    folder.rmdir()
    finally:
        _close(handle, folder)


if sys.platform == "win32":
    # Windows locks files alone, so one stands beside the folder while the lock is held.

    def _open(folder: Path) -> int:
        return os.open(_beside(folder), os.O_RDWR | os.O_CREAT)

    def _lock(handle: int, folder: Path) -> None:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise _held(folder) from error

    def _close(handle: int, folder: Path) -> None:
        os.close(handle)
        with suppress(OSError):  # another command has opened it since
            _beside(folder).unlink()

    def _beside(folder: Path) -> Path:
        place = folder.resolve()
        return place.with_name(f".{place.name}.lock")

else:

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)

    def _lock(handle: int, folder: Path) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held(folder) from error
        except OSError:  # some network file systems have no locks, and are used all the same
            return

    def _close(handle: int, folder: Path) -> None:
        os.close(handle)


def _held(folder: Path) -> HematoVisionError:
    return HematoVisionError(
        "in_use",
        f"{folder} is in use by another command: wait until it has ended, or name another folder",
    )
