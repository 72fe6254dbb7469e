"""Put a finished folder in its place, so that it is there whole or not at all."""

import os
import shutil
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file and bring it to the disk."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def recover(place: Path) -> None:
    """Bring back the older folder if a replacement was cut between its two renames."""
    if not place.exists() and _aside(place).exists():
        _aside(place).rename(place)


def replace(staged: Path, place: Path) -> None:
    """Rename a finished folder to its place, on the same disk; an older one there is removed.

    Two renames: a cut between them leaves the older folder beside its place, for `recover`.
    """
    _sync(staged)
    aside = _aside(place)
    shutil.rmtree(aside, ignore_errors=True)
    if place.exists():
        place.rename(aside)
    try:
        staged.rename(place)
    finally:
        recover(place)
    _sync(place.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.old")


def _sync(folder: Path) -> None:
    """Bring a folder's names to the disk; Windows has no such call and needs none."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        os.fsync(handle)
        os.close(handle)
