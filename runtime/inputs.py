"""Turn the paths of a command line into pictures, in the order that a person expects."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from runtime.images import MAX_BYTES, SUFFIXES, Source


def walk(paths: Iterable[str]) -> Iterator[tuple[str, Source]]:
    """List the pictures behind files, folders and `-`.

    A folder is walked in sorted order, links to folders too, and yields the files that are named
    like pictures; hidden files and folders are passed over. A folder without any yields itself,
    for `decode` to refuse, so that nothing that was asked for goes unanswered. `-` is one picture
    on standard input.

    Args:
        paths: as given by a person.

    Yields:
        The picture's name, as given or as the walk found it, and its path or bytes.
    """
    for path in paths:
        if path == "-":
            yield path, sys.stdin.buffer.read(MAX_BYTES + 1)
        elif is_folder(Path(path)):
            yield from _walk_folder(path)
        else:
            yield path, Path(path)


def walk_folders(
    folder: str | Path, denied: Callable[[OSError], object]
) -> Iterator[tuple[str, list[str]]]:
    """Walk a folder in sorted order, links to folders too, hidden folders and files passed over.

    Each folder is entered once, and none that the walk's own folder lies in: a link back there
    would never end, or bring in what was not asked for.

    Args:
        folder: where to begin.
        denied: is told of a folder that cannot be read.

    Yields:
        A folder, and the names of the files in it.
    """
    seen = {str(above) for above in Path(os.path.realpath(folder)).parents}
    for parent, folders, files in os.walk(folder, onerror=denied, followlinks=True):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield parent, sorted(name for name in files if not name.startswith("."))


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; what cannot be one, such as a name too long, is none."""
    try:
        return path.is_dir()
    except OSError:  # such as a name that is too long; `decode` says why
        return False


def _walk_folder(folder: str) -> Iterator[tuple[str, Source]]:
    found, denied = 0, list[OSError]()
    for parent, files in walk_folders(folder, denied.append):
        for path in (Path(parent, file) for file in files):
            if path.suffix.lower() in SUFFIXES and _may_be_file(path):
                found += 1
                yield str(path), path
    for error in denied:
        yield str(error.filename), Path(error.filename)
    if not found and not denied:
        yield folder, Path(folder)


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file() or (path.is_symlink() and not path.exists())
    except OSError:  # such as a folder that may be listed but not entered; `decode` says why
        return True
