"""Copies to a stick: a backup a day, when it is there and nobody works; the last few are kept."""

import logging
import platform
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from runtime import HematoVisionError
from runtime.answers import Problem
from runtime.lines import many
from webapp.maintenance.archive import BackupError, on_server
from webapp.maintenance.backup import make_backup, told
from webapp.store.audit import entries, note
from webapp.store.database import Database
from webapp.store.options import read_options
from webapp.store.retention import BY
from webapp.store.tables import OptionRow, now

EACH: Final = timedelta(days=1)
QUIET: Final = timedelta(minutes=5)  # since the last write of a person
PATIENCE: Final = timedelta(hours=8)  # after which it is done though somebody works
FIRST_PAUSE_S: Final = 60.0  # after a copy that failed; each further one is twice as long
LONGEST_PAUSE_S: Final = 4 * 3600.0
_LAST: Final = "last_copy"
_AT_ONCE: Final = ("same_disk", "on_server")  # found out without any work

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LastCopy:
    """A copy that was written and read back.

    Attributes:
        at: when.
        file: where it lies.
        bytes: its size.
    """

    at: datetime
    file: str
    bytes: int


@dataclass(frozen=True)
class CopyState:
    """How it is with the copies.

    Attributes:
        folder: where they go; empty where none are made.
        kept: how many are kept.
        is_there: whether the folder is there now.
        last: the last one; None before the first.
        problem: why the last attempt was none, or what the last copy lacks.
    """

    folder: str
    kept: int
    is_there: bool
    last: LastCopy | None
    problem: Problem | None


class Copies:
    """Makes the copies of one server; its thread asks it now and then."""

    def __init__(self, database: Database, data: Path) -> None:
        """Copy what lies in `data`, the app's folder."""
        self._database, self._data = database, data
        self._problem: Problem | None = None
        self._clock = time.monotonic
        self._failed_in, self._pause_s, self._again_s = "", 0.0, 0.0

    def state(self) -> CopyState:
        """Tell how it is.

        Raises:
            StoreError: as `Database.read`.
        """
        with self._database.read() as session:
            options, row = read_options(session), session.get(OptionRow, _LAST)
        done = row.value if row else None
        last = done and LastCopy(
            datetime.fromisoformat(done["at"]), str(done["file"]), int(done["bytes"])
        )
        folder = options.copy_folder
        is_there = bool(folder) and Path(folder).is_dir()
        return CopyState(folder, options.copies_kept, is_there, last or None, self._problem)

    def tend(self) -> Path | None:
        """Make a copy if one is due, can be made, and disturbs nobody.

        After one that failed it waits, ever longer: each writes gigabytes and reads all there is.
        A stick that is put in anew, or another folder, is tried at once.

        Returns:
            The copy; None where none was made.

        Raises:
            StoreError: as `Database.read`.
        """
        state = self.state()
        if not state.folder:
            self._problem = None
        if not state.is_there or state.folder != self._failed_in:
            self._pause_s = self._again_s = 0.0
        if not state.is_there or self._clock() < self._again_s:
            return None
        folder = Path(state.folder)
        try:
            with told(folder):
                self._check(folder)  # also while somebody works: who has just named it is told
                if not self._is_time(state):
                    return None
                file, left_out = self._copy(folder, state.kept)
        except HematoVisionError as error:
            self._wait(state.folder, error.code)
            if not self._problem or self._problem.message != str(error):
                _log.error("no copy was made: %s", error)
            self._problem = Problem(error.code, str(error))
            return None
        self._problem, self._pause_s = _lacking(left_out), 0.0
        return file

    def _wait(self, folder: str, code: str) -> None:
        doubled_s = min(2 * self._pause_s, LONGEST_PAUSE_S) or FIRST_PAUSE_S
        self._pause_s = 0.0 if code in _AT_ONCE else doubled_s
        self._failed_in, self._again_s = folder, self._clock() + self._pause_s

    def _is_time(self, state: CopyState) -> bool:
        if state.last and Path(state.last.file).parent == Path(state.folder):
            age = now() - state.last.at
            if timedelta(0) <= age < EACH:  # less where the clock was set back
                return False
            if age > EACH + PATIENCE:
                return True
        with self._database.read() as session:
            newest = entries(session, limit=1).entries
        return not newest or newest[0].act.by == BY or now() - newest[0].act.at >= QUIET

    def _check(self, folder: Path) -> None:
        """Refuse a folder that no copy can go to.

        Raises:
            BackupError: `on_server`, `same_disk`.
        """
        if not self._database.is_here:
            raise on_server(self._database.name, self._data)
        if folder.stat().st_dev == self._data.stat().st_dev:
            raise BackupError(
                "same_disk",
                f"{folder} lies on the disk of the data, which may break: put the stick in, or "
                "name a folder of another disk",
            )

    def _copy(self, folder: Path, kept: int) -> tuple[Path, Sequence[str]]:
        at, device = now(), re.sub(r"[^A-Za-z0-9-]+", "-", platform.node()) or "device"
        file = folder / f"hematovision-{device}-{at:%Y%m%d-%H%M%S}.zip"
        made = make_backup(self._data, file)
        size_bytes = file.stat().st_size
        done = {"at": at.isoformat(), "file": str(file), "bytes": size_bytes}
        with self._database.begin() as session:
            session.merge(OptionRow(name=_LAST, value=done))
            note(session, BY, "store.copy", {**done, "head": made.head})
        older = sorted(folder.glob(f"hematovision-{device}-{'[0-9]' * 8}-{'[0-9]' * 6}.zip"))
        for each in older[:-kept]:
            if each != file:
                with suppress(OSError):
                    each.unlink()
        return file, made.left_out


def _lacking(left_out: Sequence[str]) -> Problem | None:
    """Tell which pictures a copy lacks."""
    if not left_out:
        return None
    message = (
        f"The last copy lacks {many(len(left_out), 'picture')}, missing, damaged or unreadable, "
        f"such as {left_out[0][:12]}: look at the disk of the data, and keep an earlier copy"
    )
    _log.warning(message)
    return Problem("pictures_left_out", message)
