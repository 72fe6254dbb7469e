"""Brings a backup back. What was there before is kept aside until a person removes it.

Pictures come first, named by their hash among those that are there; then one rename puts the new
database in the place of the old one. So a crash leaves the old data or the new, never a mixture.
"""

import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.files import make_folder, sync_folder
from webapp.command import users_command
from webapp.data import held
from webapp.maintenance.archive import (
    NOWHERE,
    PICTURES,
    BackupError,
    Manifest,
    Member,
    copied,
    opened,
    picture_name,
    take,
    verify,
)
from webapp.maintenance.backup import (
    PART_OF,
    damaged,
    look_through,
    remove_stale,
    sound,
    to_disk,
    told,
)
from webapp.store.accounts import has_accounts
from webapp.store.audit import note
from webapp.store.chain import Chain
from webapp.store.database import FILE, Database
from webapp.store.retention import BY
from webapp.store.sessions import end_all_sessions
from webapp.store.tables import now

ASIDE: Final = "before-restore-"
_ENDINGS: Final = ("", "-wal", "-shm")
# All that a trigger of ours does.
_REFUSES: Final = re.compile(
    r"CREATE TRIGGER \w+ BEFORE (?:(?!\bWITH\b|\bBEGIN\b).)*"
    r"BEGIN SELECT RAISE\(ABORT, '[^']*'\); END",
    re.DOTALL | re.IGNORECASE,
)
_COMPUTES: Final = re.compile(r"\bVIRTUAL\b|\bGENERATED\b|\bAS\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Restored:
    """What was brought back.

    Attributes:
        manifest: of the backup.
        chain: the trail as it was found in the backup.
        aside: the folder with what was there before; None where nothing was.
        has_accounts: whether there are accounts, which are those of then.
    """

    manifest: Manifest
    chain: Chain
    aside: Path | None
    has_accounts: bool


def restore_backup(file: Path, data: Path) -> Restored:
    """Put what a backup holds in the place of what an app keeps.

    Args:
        file: the backup.
        data: the app's folder, empty, missing or in use until now; no server may work in it.

    Raises:
        BackupError: `backup_damaged`, `not_a_backup`, `backup_newer`, `unreadable`,
            `database_damaged`, `disk_full` or `unwritable`; what was there is still there.
        DataError: `data_in_use`.
        StoreError: `database_newer`.
    """
    with opened(file) as (archive, manifest), held(data), told(data):
        verify(archive, manifest, file)  # before anything is written
        remove_stale(data)
        with tempfile.TemporaryDirectory(prefix=PART_OF, dir=data) as place:
            new, picture = Path(place) / FILE, Path(place) / "picture"
            _take(archive, FILE, manifest.database, file, new)
            _check_passive(new)
            chain, _ = look_through(new.parent)
            accounts = note_return(
                new.parent,
                "store.restore",
                {"made_at": manifest.made_at, "device": manifest.device, "head": manifest.head},
            )
            to_disk(new)
            aside = kept_aside(data)
            for each in manifest.pictures:
                target = data / picture_name(each.sha256)
                if not _is_whole(target, each):
                    _take(archive, picture_name(each.sha256), each, file, picture)
                    make_folder(target.parent)
                    picture.replace(target)
            for folder in (data / PICTURES).glob("??"):
                sync_folder(folder)
            put_in_place(new, data)
    return Restored(manifest, chain, aside, accounts)


def note_return(folder: Path, action: str, detail: Mapping[str, object]) -> bool:
    """Let the trail of a database that is to come back tell so, and end its sessions.

    Who had signed in at that time may have been signed out since.

    Returns:
        Whether there are accounts, see `accounts_of_then`.

    Raises:
        BackupError: `database_damaged`.
    """
    with sound(), Database.open(folder) as database, database.begin() as session:
        found = has_accounts(session)
        end_all_sessions(session)
        note(session, BY, action, {**detail, "accounts": found})
    return found


def accounts_of_then(data: Path) -> str:
    """Say what came back with a database that has accounts, and what to look at."""
    listed, tokens = (
        users_command(*words, "list", data=data, database=None) for words in ((), ("token",))
    )
    return (
        "nobody is signed in; accounts, passwords and API tokens are those of then, and what was "
        f"disabled or revoked since works again: see '{listed}' and '{tokens}'"
    )


def put_in_place(new: Path, data: Path) -> None:
    """Let a database take the place of the one that `kept_aside` has kept, by one rename."""
    for ending in _ENDINGS[1:]:  # of a damaged one; they are kept aside
        (data / f"{FILE}{ending}").unlink(missing_ok=True)
    sync_folder(data)  # a log of the old one must never meet the new one
    new.replace(data / FILE)
    sync_folder(data)


def _take(archive: zipfile.ZipFile, name: str, member: Member, file: Path, target: Path) -> None:
    with target.open("wb") as stream:
        take(archive, name, member, file, stream)
    to_disk(target)


def _check_passive(database: Path) -> None:
    """Refuse a database that would do something by itself when it is read or written.

    Raises:
        BackupError: `database_damaged`.
    """
    address = f"{database.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            made = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    except (sqlite3.Error, ValueError) as error:
        raise damaged(str(error)) from error
    for kind, name, sql in made:
        if kind == "view" or (kind == "trigger" and not _REFUSES.fullmatch(str(sql))):
            raise damaged(f"{name} is a {kind} of another program")
        if kind == "table" and _COMPUTES.search(str(sql)):
            raise damaged(f"{name} is a table of another program")


def _is_whole(file: Path, member: Member) -> bool:
    try:
        with file.open("rb") as stream:
            return copied(stream.read, NOWHERE) == member
    except OSError:
        return False


def kept_aside(data: Path, name: str = ASIDE) -> Path | None:
    """Give what is there a second name, in a folder of its own; nothing is moved.

    Args:
        data: the app's folder, held by the caller.
        name: how the name of that folder begins.

    Raises:
        BackupError: `data_in_use`.
    """
    if not (data / FILE).exists():
        return None
    aside = data / f"{name}{now():%Y%m%d-%H%M%S-%f}"
    aside.mkdir(mode=0o700)
    for ending in _ENDINGS:
        _name_again(data / f"{FILE}{ending}", aside / f"{FILE}{ending}")
    try:
        _settle(data / FILE)
    except BackupError:
        shutil.rmtree(aside)
        raise
    for picture in (data / PICTURES).glob("??/*"):
        (aside / picture.relative_to(data)).parent.mkdir(parents=True, exist_ok=True)
        _name_again(picture, aside / picture.relative_to(data))
    for folder in (*(each for each in aside.rglob("*") if each.is_dir()), aside, data):
        sync_folder(folder)
    return aside


def _settle(database: Path) -> None:
    """Bring all that the old database holds into its one file; a damaged one stays as it is."""
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise BackupError(
                "data_in_use", f"{database} is read by another program: wait until it has ended"
            ) from error
    except sqlite3.DatabaseError:
        return


def _name_again(file: Path, other: Path) -> None:
    """Give a file, if it is there, a second name, so that it stays when the first one goes."""
    try:
        os.link(file, other)
    except FileNotFoundError:
        return
    except OSError:  # a disk without links
        shutil.copy2(file, other)
        to_disk(other)
