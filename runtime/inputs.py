"""Turn the paths of a command line into pictures, in the order that a person expects."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from runtime.errors import HematoVisionError
from runtime.images import MAX_BYTES, SUFFIXES, Source

MAX_LINE = 1 << 16  # bytes of a path in a list: longer than any system takes


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


def stream_paths(source: str) -> Iterator[str]:
    """Name the pictures of an archive one by one, however many there are; none is kept in mind.

    Args:
        source: a folder, which is walked as `walk` does but in the order of the disk; a file that
            lists one path a line; or `-` for such a list on standard input. Folders in a list are
            walked too.

    Yields:
        Paths of pictures, as they are listed or as the walk found them.

    Raises:
        HematoVisionError: `bad_source`, there is no such list.
    """
    if source != "-" and is_folder(Path(source)):
        yield from _stream_folder(source)
        return
    if Path(source).suffix.lower() in SUFFIXES:
        raise HematoVisionError(
            "bad_source", f"{source} is named like a picture: name a folder, or a list of paths"
        )
    with ExitStack() as opened:
        try:
            lines = (
                sys.stdin.buffer if source == "-" else opened.enter_context(Path(source).open("rb"))
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise HematoVisionError(
                "bad_source",
                f"{source} cannot be read ({reason}): name a folder, a file that lists paths, or -",
            ) from error
        for line in iter(lambda: lines.readline(MAX_LINE), b""):
            if path := os.fsdecode(line.rstrip(b"\r\n")):
                yield from _stream_folder(path) if is_folder(Path(path)) else (path,)


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


def _stream_folder(folder: str) -> Iterator[str]:
    found, seen = 0, {str(above) for above in Path(os.path.realpath(folder)).parents}
    ahead = [folder]
    while ahead:
        parent = ahead.pop()
        if (real := os.path.realpath(parent)) in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(parent) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if is_folder(Path(entry.path)) if entry.is_symlink() else entry.is_dir():
                        ahead.append(entry.path)
                    elif Path(entry.name).suffix.lower() in SUFFIXES and _may_be_file(
                        Path(entry.path)
                    ):
                        found += 1
                        yield str(Path(entry.path))
        except OSError:  # one that cannot be read: reading it as a picture says why
            found += 1
            yield parent
    if not found:
        yield folder


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file() or (path.is_symlink() and not path.exists())
    except OSError:  # such as a folder that may be listed but not entered; `decode` says why
        return True
