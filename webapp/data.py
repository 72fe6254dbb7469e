"""The folder of the app's own state: where it is, and that one server alone works in it."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runtime import HematoVisionError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "server.lock"
NAME = "hematovision"


class DataError(HematoVisionError, OSError):
    """The folder of the app's state cannot be used."""


def default_data(environment: Mapping[str, str] = os.environ) -> Path:
    """Give the user's own folder for the app's state, as the system wants it."""
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / NAME
    shared = environment.get("XDG_DATA_HOME", "")  # to be passed over unless absolute
    return (Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share") / NAME


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for the length of a `with`; a missing one is made, for its owner alone.

    The lock goes with the process, however that ends.

    Raises:
        DataError: it cannot be written to, or another server holds it.
    """
    handle = _open(folder)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _open(folder: Path) -> int:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataError(
            "unwritable",
            f"{folder} cannot be written to ({error.strerror}): choose another folder with --data",
        ) from error


if sys.platform == "win32":

    def _lock(handle: int, folder: Path) -> None:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise _in_use(folder) from error

else:

    def _lock(handle: int, folder: Path) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(folder) from error
        except OSError as error:
            raise DataError(
                "unwritable",
                f"{folder} lies where files cannot be locked ({error.strerror}): "
                "choose a folder on this computer with --data",
            ) from error


def _in_use(folder: Path) -> DataError:
    return DataError(
        "data_in_use",
        f"another server works in {folder}: stop it, or choose another folder with --data",
    )
