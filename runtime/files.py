"""A file that is there whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from runtime.errors import HematoVisionError

PART = ".tmp"  # how the names of files begin that are not in their place yet


def write_whole(file: Path, content: bytes) -> None:
    """Put a file in its place once all of it is on the disk; an older one there is replaced.

    Raises:
        HematoVisionError: `unwritable`, and whatever was there is still there.
    """
    part = None
    try:
        refuse_irreplaceable(file)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=PART, delete=False) as stream:
            part = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        open_to_others(part)
        part.replace(file)
    except OSError as error:
        raise unwritable(file, error) from error
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of files on the disk, where the system can: else a new one may be lost.

    Raises:
        OSError: the disk refuses.
    """
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, each on the disk before it returns; one there stays.

    Raises:
        OSError: it cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode if each == folder else 0o777, exist_ok=True)
        sync_folder(each.parent)
    folder.mkdir(exist_ok=True)  # refuses a file in its place


def refuse_irreplaceable(file: Path) -> None:
    """Refuse a place where a folder, a device or a write-protected file is.

    Raises:
        HematoVisionError: `unwritable`.
    """
    if file.exists() and not (file.is_file() and os.access(file, os.W_OK)):
        raise HematoVisionError(
            "unwritable", f"{file} is not a file that may be replaced: choose another name"
        )


def open_to_others(file: Path) -> None:
    """Give a temporary file, which is its maker's alone, the permissions of any new one."""
    mask = os.umask(0)
    os.umask(mask)
    file.chmod(0o666 & ~mask)


def unwritable(file: Path, error: OSError) -> HematoVisionError:
    """Say which file could not be written, and why."""
    return HematoVisionError(
        "unwritable", f"{file} cannot be written ({error.strerror}): choose another place"
    )
