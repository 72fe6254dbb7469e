"""A version proved on a copy of the data, while another goes on working with them."""

import http.client
import json
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from runtime.files import PART
from webapp.store.before import copy_database
from webapp.store.database import FILE
from webapp.update.errors import UpdateError
from webapp.update.processes import as_owner_of, owner_of, start
from webapp.watchdog import PATH

PATIENCE_S: Final = 180.0  # a small computer imports for half a minute, and then migrates
NO_WORK: Final = "the new version does not work with the data here"
_ASKS_S: Final = 0.2
_ENDS_S: Final = 40.0
_TRIAL: Final = f"{PART}trial-"
_UNTOLD: Final = {  # of a version that tells strangers no codes, where there are accounts
    "code": "degraded",
    "message": "it cannot name cells, or keep what is found: look at its page Device",
}
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ROOM: Final = 50_000_000  # bytes besides two databases


@dataclass(frozen=True)
class Health:
    """What a server says of itself.

    Attributes:
        version: of its program.
        installed: the name of the version; None where it has none, or is too old to tell it.
        uptime_s: since when.
        troubles: code of each thing that is wrong with it; none where all is well.
        message: the same, for a person.
    """

    version: str
    installed: str | None
    uptime_s: float
    troubles: tuple[str, ...]
    message: str

    def is_as_well_as(self, other: "Health | None") -> bool:
        """Tell whether nothing is wrong with it but what is wrong with another one too."""
        return not Counter(self.troubles) - Counter(other.troubles if other else ())


def prove(python: Path, version: str, data: Path) -> Health:
    """Let a version start on a copy of the database, and ask it how it is.

    Args:
        python: of the version.
        version: of its program, as it has to say itself.
        data: the app's folder; a server may work in it, and nothing in it is changed.

    Returns:
        What it says.

    Raises:
        UpdateError: `unhealthy`, it says nothing; or `disk_full`.
    """
    if not data.is_dir():
        with TemporaryDirectory(prefix=_TRIAL) as name:
            return _try(python, version, Path(name), None)
    owner = owner_of(data)
    with as_owner_of(data):
        for stale in data.glob(f"{_TRIAL}*"):
            shutil.rmtree(stale, ignore_errors=True)
        with TemporaryDirectory(prefix=_TRIAL, dir=data) as name:
            if (data / FILE).is_file():
                _copy(data / FILE, Path(name) / FILE)
            return _try(python, version, Path(name), owner)


def ask(url: str, patience_s: float = 5.0) -> Health | None:
    """Ask a server how it is; None where it does not answer."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=patience_s
    )
    try:
        connection.request("GET", PATH)
        told: Any = json.loads(connection.getresponse().read())
        wrong = told.get("errors") or [told["error"] or _UNTOLD]
        wrong = [] if told["status"] == "ok" else wrong
        return Health(
            str(told["version"]),
            told.get("installed"),
            float(told["uptime_s"]),
            tuple(str(each["code"]) for each in wrong),
            "; ".join(str(each["message"]) for each in wrong),
        )
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _copy(database: Path, target: Path) -> None:
    free, needed = shutil.disk_usage(target.parent).free, 3 * database.stat().st_size + _ROOM
    if free < needed:
        raise UpdateError(
            "disk_full",
            f"{free / 1e6:.0f} MB are free on the disk of {database.parent}, {needed / 1e6:.0f} MB "
            "are needed for copies of the database: free some space",
        )
    try:
        copy_database(database, target)
        _make_no_copies(target)
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            shutil.copyfile(database, target)  # no version can read it; each says so of a copy too
            return
        raise UpdateError(
            "unhealthy", f"{database} cannot be copied ({error}): look at the page Device"
        ) from error


def _make_no_copies(database: Path) -> None:
    """Let a trial put nothing on the stick that the real server's copies go to."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for name, value in connection.execute("SELECT name, value FROM options").fetchall():
            told = json.loads(value)
            if told.pop("copy_folder", None):
                change = "UPDATE options SET value = ? WHERE name = ?"
                connection.execute(change, (json.dumps(told), name))


def _try(python: Path, version: str, data: Path, owner: tuple[int, int] | None) -> Health:
    with _served(python, data, owner) as (process, log):
        end_s, health = time.monotonic() + PATIENCE_S, None
        while health is None:
            said = log.read_text(encoding="utf-8", errors="replace")
            if process.poll() is not None:
                raise _unhealthy(f"it has ended: {' '.join(said.split())[-400:]}")
            if time.monotonic() > end_s:
                raise _unhealthy(f"it has not answered within {PATIENCE_S:g} s")
            opened = [line.split()[1] for line in said.splitlines() if line.startswith("Open http")]
            health = ask(opened[0]) if opened else None
            time.sleep(_ASKS_S)
    if health.version != version:
        raise _unhealthy(f"it says that it is {health.version}, not {version}")
    return health


@contextmanager
def _served(
    python: Path, data: Path, owner: tuple[int, int] | None
) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    log = data / "trial.log"
    command: list[str | Path] = [
        python,
        "-I",
        "-m",
        "webapp",
        "serve",
        "--port",
        "0",
        "--data",
        data,
    ]
    with log.open("w", encoding="utf-8") as stream, start(command, stream, owner) as process:
        try:
            yield process, log
        finally:
            process.terminate()
            try:
                process.wait(_ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _unhealthy(why: str) -> UpdateError:
    return UpdateError("unhealthy", f"{NO_WORK}: {why}")
