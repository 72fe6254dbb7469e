"""A folder into which another program puts pictures."""

import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

from runtime.errors import CameraError, HematoVisionError
from runtime.images import SUFFIXES
from runtime.inputs import is_folder

POLL_S: Final = 0.3
# A file is whole when it has not changed for so long; most programs rename it into place at once.
SETTLED_S: Final = 0.6

_Stamp = tuple[int, int, int]  # inode, size and time of the last change


class WatchedFolder:
    """Gives each picture that appears in a folder, or is written anew there, once it is whole.

    What lies there when the watch begins is not given: that is what `analyze` is for. Hidden files,
    as programs name what they have not finished, and folders inside are passed over.
    """

    live = False
    moving = False
    patience_s: float | None = None
    advice = "only those put there after the start are taken, 'analyze' reads those before"

    def __init__(self, folder: Path) -> None:
        """Take a folder, which must be there.

        Raises:
            HematoVisionError: `not_found`.
        """
        if not is_folder(folder):
            raise HematoVisionError(
                "not_found", f"{folder} is no folder: check the name, or make it"
            )
        self.name = f"folder {folder}"
        self.notes = ["pictures that are put there from now on are taken"]
        self._folder = folder
        self._given: dict[str, _Stamp] | None = None

    def frames(self) -> Generator[Path | None, None, None]:
        """Watch for ever; a folder that was gone, such as one of a server, is looked at anew.

        Raises:
            CameraError: `camera_lost`, the folder cannot be read now.
        """
        if self._given is None:
            self._given = dict(self._look())
        since = dict[str, tuple[_Stamp, float]]()
        while True:
            found, now_s = dict(self._look()), time.monotonic()
            fresh = {n: stamp for n, stamp in found.items() if self._given.get(n) != stamp}
            since = {
                n: since[n] if n in since and since[n][0] == stamp else (stamp, now_s)
                for n, stamp in fresh.items()
            }
            for name, (stamp, since_s) in sorted(since.items(), key=lambda item: item[1][0][2]):
                if now_s - since_s >= SETTLED_S and stamp[1] > 0:
                    self._given[name] = stamp
                    yield self._folder / name
            yield None
            time.sleep(POLL_S)

    def close(self) -> None:
        """Nothing is waited for."""

    def _look(self) -> Iterator[tuple[str, _Stamp]]:
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    named = not entry.name.startswith(".") and Path(entry.name).suffix.lower()
                    if named in SUFFIXES and (stamp := _stamp(entry)) is not None:
                        yield entry.name, stamp
        except OSError as error:
            raise CameraError(
                "camera_lost",
                f"{self._folder} cannot be read ({error.strerror}): check that its disk or "
                "network is there",
            ) from error


def _stamp(entry: "os.DirEntry[str]") -> _Stamp | None:
    """Tell a file from what it was before; None for what is no file, or gone again."""
    try:
        if not entry.is_file():
            return None
        told = entry.stat()
    except OSError:
        return None
    return told.st_ino, told.st_size, told.st_mtime_ns
