"""Where results may go, and a finished folder put there whole or not at all."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from export.errors import ExportError
from runtime.errors import HematoVisionError
from runtime.lock import alone


def refuse_inside(place: Path, kept: Iterable[Path], what: str) -> None:
    """Refuse a place that is, or is in, a folder or file which must stay as it is.

    Args:
        place: where a result is to go.
        kept: folders and files of others.
        what: the result, for the message.

    Raises:
        ExportError: `unwritable`.
    """
    place = place.resolve()
    homes = {place, *place.parents}
    for path in kept:
        if path.resolve() in homes:
            raise ExportError(
                "unwritable",
                f"{place} is in {path}, which {what} would spoil: choose another place",
            )


def write(path: Path, content: bytes) -> None:
    """Write a file and bring it to the disk."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def staging(place: Path) -> Iterator[Path]:
    """Give an empty folder that goes to its place when the block has filled it.

    What interrupted commands left beside the place is cleared first, as by `recover`.

    Raises:
        HematoVisionError: another command is filling a folder for the same place.
    """
    hidden = _beside(place, "new")
    with alone(hidden):
        try:
            _clear(place)
            staged = hidden / place.name
            staged.mkdir()
            yield staged
            replace(staged, place)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def recover(place: Path) -> None:
    """Bring back the older folder of a cut replacement, and remove what is dead beside the place.

    What a living command is filling is left to it.
    """
    hidden = _beside(place, "new")
    if hidden.exists() or _beside(place, "old").exists():
        with suppress(HematoVisionError), alone(hidden):
            _clear(place)
            shutil.rmtree(hidden, ignore_errors=True)


def replace(staged: Path, place: Path) -> None:
    """Rename a finished folder to its place, on the same disk; an older one there is removed.

    Two renames: a cut between them leaves the older folder beside its place, for `recover`.
    """
    _sync(staged)
    aside = _beside(place, "old")
    shutil.rmtree(aside, ignore_errors=True)
    if place.exists():
        place.rename(aside)
    try:
        staged.rename(place)
    finally:
        _bring_back(place)
    _sync(place.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _clear(place: Path) -> None:
    _bring_back(place)
    shutil.rmtree(_beside(place, "old"), ignore_errors=True)
    shutil.rmtree(_beside(place, "new") / place.name, ignore_errors=True)


def _bring_back(place: Path) -> None:
    if not place.exists() and _beside(place, "old").exists():
        _beside(place, "old").rename(place)


def _beside(place: Path, kind: str) -> Path:
    return place.with_name(f".{place.name}.{kind}")


def _sync(folder: Path) -> None:
    """Bring a folder's names to the disk; Windows has no such call and needs none."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        os.fsync(handle)
        os.close(handle)
