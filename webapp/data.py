"""Where the app's own state is, how commands name it, and that one server alone works in it."""

import argparse
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
from webapp.store.database import FILE

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


def add_data(
    parser: argparse.ArgumentParser, environment: Mapping[str, str], elsewhere: str = ""
) -> None:
    """Let a command line name the folder of the app's state, `data`.

    Args:
        parser: of the command line.
        environment: whose HEMATOVISION_DATA is the default, before the user's own folder.
        elsewhere: says where it may lie by default instead; `data` is then None unless it is given.
    """
    usual = str(default_data(environment))
    told = f"{elsewhere}, else {usual}".replace("%", "%%") if elsewhere else "%(default)s"
    parser.add_argument(
        "--data",
        type=_folder,
        default=environment.get("HEMATOVISION_DATA") or (None if elsewhere else usual),
        metavar="DIR",
        help=f"folder of what the app keeps (HEMATOVISION_DATA; {told})",
    )


def add_database(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Let a command line name a database of a server, `database`: a URL, which is never shown."""
    parser.add_argument(
        "--database",
        metavar="URL",
        default=environment.get("HEMATOVISION_DATABASE") or None,
        help="a PostgreSQL database in place of a file in --data, such as "
        "postgresql://user@host/name (HEMATOVISION_DATABASE)",
    )


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(
            f"there is no user as in {text!r}: write the folder from / on"
        ) from error


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


def has_database(folder: Path) -> bool:
    """Tell whether something is kept in a folder.

    Raises:
        DataError: `unreadable`, who asks may not even look, or no folder can have the name.
    """
    try:
        return (folder / FILE).is_file()
    except OSError as error:
        raise DataError(
            "unreadable",
            f"{folder} cannot be read ({error.strerror}): run the command as its owner, such as "
            "with sudo, or name another folder with --data",
        ) from error


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
