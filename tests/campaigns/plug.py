"""A file system that forgets what was not synced: `python -m tests.campaigns.plug MOUNT SURVIVORS`.

All of it is in memory. What a program reads is what it wrote; what survives a power cut is what it
had synced (`fsync` of the file for its bytes, of the folder for its names), and of the rest some,
at random: writes that came later without those before, parts of a write, names without others. That
is more than a journaling file system would do, and no less than POSIX allows.

`setxattr(mount, "user.cut", seed)` cuts the power: the survivors are put into the folder SURVIVORS,
from which the next mount begins, and from then on every call fails.
"""

import errno
import json
import os
import random
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

SECTOR: Final = 512  # bytes that a disk writes whole or not at all
CUT: Final = "user.cut"
TOLD: Final = ".cut.json"  # beside the survivors: what was unsynced


class File:
    """The bytes of a file: as they are read, as they are on the disk, and the writes between."""

    def __init__(self, mode: int, content: bytes = b"") -> None:
        """Begin with what is on the disk."""
        self.mode = stat.S_IFREG | mode
        self.changed_ns = time.time_ns()
        self.now = bytearray(content)
        self._synced = bytearray(content)
        self.pending: list[tuple[int, bytes | None]] = []  # offset and bytes, or a length and None

    def write(self, offset: int, content: bytes) -> None:
        """Write, for the time being."""
        self.pending.append((offset, content))
        _written(self.now, offset, content)
        self.changed_ns = time.time_ns()

    def truncate(self, length: int) -> None:
        """Set the length, for the time being."""
        self.pending.append((length, None))
        _written(self.now, length, None)
        self.changed_ns = time.time_ns()

    def sync(self) -> None:
        """Put what was written on the disk."""
        for each in self.pending:
            _written(self._synced, *each)
        self.pending = []

    def surviving(self, draw: random.Random) -> bytes:
        """Give what a power cut leaves."""
        left, luck = bytearray(self._synced), draw.choice((0.0, 0.5, 0.9, 1.0))
        for offset, content in self.pending:
            if content is None:
                if draw.random() < luck:
                    _written(left, offset, None)
            elif draw.random() < 0.2:  # torn
                for start, sector in _sectors(offset, content):
                    if draw.random() < luck:
                        _written(left, start, sector)
            elif draw.random() < luck:
                _written(left, offset, content)
        return bytes(left)


class Folder:
    """The names in a folder: as they are listed, on the disk, and the changes between."""

    def __init__(self, mode: int) -> None:
        """Begin empty."""
        self.mode = stat.S_IFDIR | mode
        self.changed_ns = time.time_ns()
        self.now: dict[str, File | Folder] = {}
        self._synced: dict[str, File | Folder] = {}
        self.pending: list[dict[str, File | Folder | None]] = []  # each whole, None removes a name

    def change(self, names: "dict[str, File | Folder | None]") -> None:
        """Add and remove names at once, for the time being."""
        self.pending.append(names)
        _named(self.now, names)
        self.changed_ns = time.time_ns()

    def sync(self) -> None:
        """Put the list of names on the disk."""
        for each in self.pending:
            _named(self._synced, each)
        self.pending = []

    def surviving(self, draw: random.Random) -> "dict[str, File | Folder]":
        """Give the names that a power cut leaves: those synced, and some changes since."""
        left = dict(self._synced)
        for each in self.pending[: draw.randint(0, len(self.pending))]:
            _named(left, each)
        return left


class Disk:
    """The calls of FUSE, one at a time."""

    use_ns = True

    def __init__(self, survivors: Path) -> None:
        """Begin with what has survived the last cut; nothing has where the folder is missing."""
        self._survivors = survivors
        self._root, self._is_off = Folder(0o755), False
        if survivors.exists():
            _fill(self._root, survivors)

    def __call__(self, name: str, *arguments: Any) -> Any:
        """Answer a call of the kernel, where there is power."""
        if self._is_off:
            raise OSError(errno.EIO, "there is no power")
        return getattr(self, name)(*arguments)

    def setxattr(self, path: str, name: str, value: bytes, options: int, position: int = 0) -> int:
        """Cut the power."""
        if name != CUT:
            raise OSError(errno.ENOTSUP, name)
        draw = random.Random(value)  # noqa: S311 (nothing secret)
        told = {"writes": 0, "names": 0, "bytes": 0}
        _put(self._root, self._survivors, draw, told)
        (self._survivors / TOLD).write_text(json.dumps(told))
        self._is_off = True
        return 0

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Tell kind, size and times."""
        there = self._at(path)
        times = dict.fromkeys(("st_mtime", "st_ctime", "st_atime"), there.changed_ns)
        size = len(there.now) if isinstance(there, File) else 4096
        return {"st_mode": there.mode, "st_size": size, "st_nlink": 1, **times}

    def readdir(self, path: str, fh: int) -> list[str]:
        """List a folder."""
        return [".", "..", *self._folder(path).now]

    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        above, name = self._above(path)
        above.change({name: Folder(mode)})
        return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        """Make a file."""
        above, name = self._above(path)
        above.change({name: File(mode)})
        return 0

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        self._file(path)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Read what was written last."""
        return bytes(self._file(path).now[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Write, for the time being."""
        self._file(path).write(offset, bytes(data))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Set the length, for the time being."""
        self._file(path).truncate(length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """Put a file on the disk, but not its name."""
        self._file(path).sync()
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        """Put the names of a folder on the disk, but not what they name."""
        self._folder(path).sync()
        return 0

    def unlink(self, path: str) -> int:
        """Remove a name."""
        above, name = self._above(path)
        above.change({name: None})
        return 0

    rmdir = unlink

    def rename(self, old: str, new: str) -> int:
        """Rename; between two folders the names survive one by one."""
        (above, name), (other, new_name) = self._above(old), self._above(new)
        there = self._at(old)
        if above is other:
            above.change({new_name: there, name: None})
        else:
            other.change({new_name: there})
            above.change({name: None})
        return 0

    def link(self, target: str, source: str) -> int:
        """Give a file a second name."""
        above, name = self._above(target)
        above.change({name: self._file(source)})
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Set the permissions."""
        self._at(path).mode = mode
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        """Set the time of the last change."""
        self._at(path).changed_ns = times[1] if times else time.time_ns()
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Tell of much free space."""
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 10**7, "f_bfree": 10**7,
                "f_bavail": 10**7, "f_namemax": 255}  # fmt: skip

    def _at(self, path: str) -> File | Folder:
        there: File | Folder = self._root
        for name in path.split("/"):
            if name:
                found = there.now.get(name) if isinstance(there, Folder) else None
                if found is None:
                    raise OSError(errno.ENOENT, path)
                there = found
        return there

    def _file(self, path: str) -> File:
        there = self._at(path)
        if not isinstance(there, File):
            raise OSError(errno.EISDIR, path)
        return there

    def _folder(self, path: str) -> Folder:
        there = self._at(path)
        if not isinstance(there, Folder):
            raise OSError(errno.ENOTDIR, path)
        return there

    def _above(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rpartition("/")
        return self._folder(above), name


def _written(content: bytearray, offset: int, new: bytes | None) -> None:
    """Write bytes, or set the length."""
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    if new is None:
        del content[offset:]
    else:
        content[offset : offset + len(new)] = new


def _named(names: dict[str, File | Folder], changes: "dict[str, File | Folder | None]") -> None:
    for name, what in changes.items():
        if what is None:
            names.pop(name, None)
        else:
            names[name] = what


def _sectors(offset: int, content: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(content):
        end = start + SECTOR - (offset + start) % SECTOR
        yield offset + start, content[start:end]
        start = end


def _put(folder: Folder, place: Path, draw: random.Random, told: dict[str, int]) -> None:
    """Put what survives of a folder into an empty one of the host."""
    for each in place.iterdir() if place.exists() else ():
        _remove(each)
    place.mkdir(exist_ok=True)
    told["names"] += len(folder.pending)
    for name, what in folder.surviving(draw).items():
        if isinstance(what, Folder):
            _put(what, place / name, draw, told)
        else:
            told["writes"] += len(what.pending)
            told["bytes"] += sum(len(new or b"") for _, new in what.pending)
            (place / name).write_bytes(what.surviving(draw))
            os.utime(place / name, ns=(what.changed_ns,) * 2)


def _remove(place: Path) -> None:
    if place.is_dir():
        for each in place.iterdir():
            _remove(each)
        place.rmdir()
    else:
        place.unlink()


def _fill(folder: Folder, place: Path) -> None:
    """Take what lies in a folder of the host as synced."""
    for each in place.iterdir():
        if each.name == TOLD:
            continue
        what: File | Folder
        if each.is_dir():
            what = Folder(0o755)
            _fill(what, each)
        else:
            what = File(0o644, each.read_bytes())
            what.changed_ns = each.stat().st_mtime_ns
        folder.change({each.name: what})
    folder.sync()


def main(mount: Path, survivors: Path) -> None:
    """Serve until the mount is taken away."""
    import mfusepy

    disk = Disk(survivors)
    calls = [name for name in vars(Disk) if not name.startswith("_") and name != "use_ns"]
    answer = {name: (lambda self, *arguments, name=name: disk(name, *arguments)) for name in calls}
    operations = type("Operations", (mfusepy.Operations,), {**answer, "use_ns": True})
    mfusepy.FUSE(operations(), str(mount), foreground=True, nothreads=True, fsname="plug")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
