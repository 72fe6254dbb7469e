"""Goes back to the database as it was before a newer program has migrated it.

It is asked for while a server may work, and done by the next server of the program that it is for,
before that opens the database. What was there until then is kept aside. Broken off, it is done at
the next start.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.files import PART, write_whole
from webapp.maintenance.backup import to_disk, told
from webapp.maintenance.restore import kept_aside, note_return, put_in_place
from webapp.store.before import copy_database, kept_before
from webapp.store.database import FILE

ASKED: Final = "undo-migration.json"
ASIDE: Final = "before-undo-"


@dataclass(frozen=True)
class Undone:
    """A database that came back.

    Attributes:
        aside: the folder with what was there before; None where nothing was.
        has_accounts: whether there are accounts, which are those of then.
    """

    aside: Path | None
    has_accounts: bool


def ask_to_undo(data: Path, version: str) -> None:
    """Ask that a version goes back to the database of before, when it starts.

    Raises:
        HematoVisionError: `unwritable`.
    """
    write_whole(data / ASKED, json.dumps({"version": version}).encode())


def undo_if_asked(data: Path, version: str | None) -> Undone | None:
    """Go back, if that was asked of this version; what was asked of another is forgotten.

    Args:
        data: the app's folder, held by the caller.
        version: the name of the version that runs.

    Returns:
        What came back; None where nothing was done.

    Raises:
        BackupError: `unwritable` or `disk_full`; what was there is still there.
        StoreError: as `Database.open`.
    """
    asked = data / ASKED
    if not asked.exists():
        return None
    with told(data):
        undone, files = None, kept_before(data / FILE)
        if files and version is not None and _asked_of(asked) == version:
            part = data / f"{PART}undo" / FILE
            shutil.rmtree(part.parent, ignore_errors=True)  # of one that was broken off
            part.parent.mkdir()
            copy_database(files[-1], part)
            kept_at = datetime.fromtimestamp(files[-1].stat().st_mtime, UTC).isoformat()
            has_accounts = note_return(part.parent, "store.undo", {"kept_at": kept_at})
            to_disk(part)
            undone = Undone(kept_aside(data, ASIDE), has_accounts)
            put_in_place(part, data)
            shutil.rmtree(part.parent, ignore_errors=True)  # it may hold another copy
        asked.unlink()
    return undone


def _asked_of(file: Path) -> str | None:
    try:
        return str(json.loads(file.read_bytes())["version"])
    except (ValueError, KeyError, TypeError):
        return None
