"""The power is cut at random moments: `python -m tests.campaigns.power --times 200`.

The app's folder lies on a file system of our own (FUSE), which forgets what was not synced.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

from tests.campaigns.campaign import Tally, run, tell, told
from tests.campaigns.plug import CUT, TOLD
from tests.campaigns.server import ROOT, Servers, bundles

PATIENCE_S: Final = 60.0
CARELESS: Final = """
import webapp.store.database as database
def careless(connection, _):
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA foreign_keys=ON")
database._configure = careless
"""


def unmountable() -> str | None:
    """Say why no file system of our own can be mounted here; None where it can."""
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError, AttributeError) as error:
        return f"mfusepy cannot be used ({error}): install libfuse3"
    if not os.access("/dev/fuse", os.W_OK) or not _unmounter():
        return "there is no /dev/fuse here, or no fusermount"
    return None


class Mains:
    """A mounted disk whose power can be cut, within a `with`."""

    def __init__(self, folder: Path) -> None:
        """Mount below `folder`, a folder of the host."""
        self._mount, self._survivors = folder / "mount", folder / "survivors"
        self._log = (folder / "plug.log").open("w")
        self.data = self._mount / "home" / "data"
        self.unsynced = Counter[str]()
        self._seed = 0
        self._mount.mkdir()
        self._serve()

    def pull(self, kill: Callable[[], None]) -> None:
        """Cut the power, then end the server, and mount what has survived."""
        self._seed += 1
        os.setxattr(self._mount, CUT, str(self._seed).encode())
        kill()
        self.unsynced.update(json.loads((self._survivors / TOLD).read_text()))
        self._end()
        self._serve()

    def _serve(self) -> None:
        command = [sys.executable, "-m", "tests.campaigns.plug", self._mount, self._survivors]
        self._serving = subprocess.Popen(command, cwd=ROOT, stderr=self._log, stdout=self._log)
        end_s = time.monotonic() + PATIENCE_S
        while not os.path.ismount(self._mount):
            assert self._serving.poll() is None, f"nothing was mounted, see {self._log.name}"
            assert time.monotonic() < end_s, f"nothing was mounted, see {self._log.name}"
            time.sleep(0.02)

    def _end(self) -> None:
        subprocess.run([str(_unmounter()), "-u", "-z", str(self._mount)], check=True)
        self._serving.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unmount."""
        self._end()
        self._log.close()


def campaign(
    folder: Path, servers: Servers, times: int, seed: int, tell: Callable[[str], None] | None = None
) -> tuple[Tally, Counter[str]]:
    """Run the campaign in an empty folder; also count the `names`, `writes`, `bytes` not synced."""
    with Mains(folder) as mains:
        return run(mains, servers, times, seed, tell), mains.unsynced


def _unmounter() -> str | None:
    return shutil.which("fusermount3") or shutil.which("fusermount")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="power cuts (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")
    parser.add_argument(
        "--careless", action="store_true", help="without syncs, to see that losses are found"
    )
    given = parser.parse_args()
    if problem := unmountable():
        sys.exit(f"no power can be cut: {problem}")
    before = CARELESS if given.careless else ""
    with TemporaryDirectory() as name:
        place = Path(name)
        with Servers(bundles(place), place / "server.log", before) as servers:
            tally, unsynced = campaign(place, servers, given.times, given.seed, tell)
        words = ", ".join(f"{n} {what}" for what, n in unsynced.items())
        sys.exit(told(f"power cut {given.times} times, not synced by then: {words}", tally))
