"""The folder of the app's own state: where it is, and that one server alone works in it."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from runtime import HematoVisionError
from runtime.files import make_folder
from runtime.lock import alone

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
    make_data_folder(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(folder))
        except HematoVisionError as error:
            raise DataError(
                "data_in_use",
                f"another server works in {folder}: stop it, or choose another folder with --data",
            ) from error
        yield


def make_data_folder(folder: Path) -> None:
    """Make a folder for its owner alone, unless it is there.

    Raises:
        DataError: it cannot be written to.
    """
    try:
        make_folder(folder, 0o700)
        with TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(4096))  # a full disk still takes an empty file
    except OSError as error:
        room = "free some space, or " if error.errno == errno.ENOSPC else ""
        raise DataError(
            "unwritable",
            f"{folder} cannot be written to ({error.strerror}): {room}choose another folder with "
            "--data",
        ) from error
