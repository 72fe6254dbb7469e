"""Makes a backup, also while a server works: the database as of one moment, and its pictures."""

import errno
import os
import platform
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from alembic.util import CommandError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from runtime import HematoVisionError
from runtime.files import PART, sync_folder
from webapp import __version__
from webapp.data import has_database
from webapp.maintenance.archive import (
    MANIFEST,
    BackupError,
    Manifest,
    Member,
    add,
    opened,
    picture_name,
    verify,
)
from webapp.store.chain import Chain
from webapp.store.chain import verify as verify_chain
from webapp.store.database import FILE, Database
from webapp.store.tables import Base, PictureRow, now

STALE_S: Final = 24 * 3600.0  # after which what a broken off backup or restore has left is removed
PART_OF: Final = f"{PART}-backup-"  # how the names of its own unfinished files begin
# What reading raises of columns that hold something else than they should.
_STRANGE: Final = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def make_backup(data: Path, file: Path) -> Manifest:
    """Put all that an app keeps into one file, and read it back before it takes its place.

    A broken trail and pictures that are missing or unreadable are told in the manifest, and are no
    reason to go without a backup; a damaged database is one, for it would take the place of a
    sound one.

    Args:
        data: the app's folder; a server may work in it.
        file: where the backup goes; an older one there is replaced once the new one is proved.

    Raises:
        BackupError: `no_data`, `database_damaged`, `unreadable`, `unwritable`, `disk_full` or
            `backup_damaged`; `not_a_backup` where something else has the name.
        StoreError: as `Database.open`.
        DataError: as `has_database`.
    """
    if not has_database(data):
        raise BackupError("no_data", f"{data} holds no data: name its folder with --data")
    with told(file.parent):
        _check_free(file)
    for place in (data, file.parent):
        remove_stale(place)
    with told(data), tempfile.TemporaryDirectory(prefix=PART_OF, dir=data) as name:
        place = Path(name)
        chain, pictures = _snapshot(data, place)
        with told(file.parent), _replacing(file) as part:
            manifest = _write(part, data, place, pictures, chain)
            to_disk(part)
            with opened(part) as (archive, read):
                verify(archive, read, file)
    return manifest


def look_through(folder: Path) -> tuple[Chain, list[Member]]:
    """Look through a whole database that nobody works with.

    Returns:
        Its trail, and the pictures that it tells of.

    Raises:
        BackupError: `database_damaged`.
        StoreError: as `Database.open`.
    """
    with sound(), Database.open(folder) as database, database.read() as session:
        ask = session.connection().exec_driver_sql
        faults = [str(each) for each in ask("PRAGMA integrity_check").scalars() if each != "ok"]
        faults += [f"row {row[1]} of {row[0]}" for row in ask("PRAGMA foreign_key_check")]
        if faults:
            raise damaged(faults[0])
        for table in Base.metadata.sorted_tables:  # all that the program will ask for is there
            session.execute(table.select().limit(0))
        query = select(PictureRow.sha256, PictureRow.size_bytes).order_by(PictureRow.sha256)
        pictures = [Member(*row) for row in session.execute(query)]
        return verify_chain(session), pictures


@contextmanager
def sound() -> Iterator[None]:
    """Say in one line where a database has not the tables of this program, or not their values.

    Raises:
        BackupError: `database_damaged`.
    """
    try:
        yield
    except HematoVisionError:
        raise
    except (SQLAlchemyError, CommandError, *_STRANGE) as error:
        why = getattr(error, "orig", None) or error
        raise damaged(f"{type(why).__name__}: {why}") from error


def remove_stale(folder: Path) -> None:
    """Remove what backups and restores have left that were broken off."""
    for each in folder.glob(f"{PART_OF}*"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > STALE_S:
                shutil.rmtree(each) if each.is_dir() else each.unlink()


def to_disk(file: Path) -> None:
    """Put a file on its disk, so that it is read from there the next time."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def damaged(how: str) -> BackupError:
    """Say what is wrong with a database."""
    return BackupError(
        "database_damaged", f"the database is damaged ({how}): restore it from an earlier backup"
    )


def _snapshot(data: Path, place: Path) -> tuple[Chain, list[Member]]:
    """Put the database as of one moment into a folder, and its pictures by a second name.

    So a picture that is removed while the rest is written is in the backup all the same; where one
    was removed in the moment between both, it is tried again.
    """
    tries = 3
    while True:
        with closing(_reading(data)) as old, closing(sqlite3.connect(place / FILE)) as new:
            old.backup(new)
        chain, pictures = look_through(place)
        missing = {each.sha256 for each in pictures if not _linked(data, place, each)}
        with closing(_reading(data)) as old:
            there = {sha256 for (sha256,) in old.execute("SELECT sha256 FROM pictures")}
        tries -= 1
        if missing <= there or not tries:
            return chain, pictures


def _reading(data: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{(data / FILE).resolve().as_uri()}?mode=ro", uri=True)


def _linked(data: Path, place: Path, picture: Member) -> bool:
    """Give a picture a second name, where the disk can; tell whether it is there."""
    file, other = (each / picture_name(picture.sha256) for each in (data, place))
    if not _is_there(other):
        other.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            os.link(file, other)
    return _is_there(other) or _is_there(file)


def _is_there(file: Path) -> bool:
    """Tell whether there is a file; where the disk does not even say that, there is none."""
    return os.path.exists(file)  # noqa: PTH110 - `Path.exists` raises what the disk does


def _write(part: Path, data: Path, place: Path, pictures: list[Member], chain: Chain) -> Manifest:
    kept, left_out = list[Member](), list[str]()
    with zipfile.ZipFile(part, "w", compresslevel=1) as archive:
        database = add(archive, FILE, place / FILE, compressed=True)
        for each in pictures:
            name = picture_name(each.sha256)
            try:
                found = add(archive, name, (place if _is_there(place / name) else data) / name)
            except BackupError:  # it alone cannot be read
                found = None
            if found == each:
                kept.append(each)
            else:
                left_out.append(each.sha256)
        manifest = Manifest(
            program=__version__,
            device=platform.node(),
            made_at=now().isoformat(),
            database=database,
            pictures=kept,
            left_out=left_out,
            entries=chain.entries,
            head=chain.head.sha256,
            broken=chain.broken,
        )
        archive.writestr(MANIFEST, manifest.document())
    return manifest


def _check_free(file: Path) -> None:
    """Refuse a name that something else than an older backup has.

    Raises:
        BackupError: `not_a_backup`.
    """
    if file.is_dir():
        raise BackupError(
            "not_a_backup", f"{file} is a folder: name a file in it, such as {file / 'copy.zip'}"
        )
    try:
        if file.exists():
            with opened(file):
                return
    except BackupError as error:
        raise BackupError(
            "not_a_backup",
            f"{file} is there, and no backup that could be replaced: choose another name",
        ) from error


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """Give a file that takes the place of another when it is on the disk and nothing is raised.

    It is its owner's alone, as the folder of the data is.
    """
    handle, name = tempfile.mkstemp(prefix=PART_OF, dir=file.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.replace(file)
        sync_folder(file.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Say in one line why nothing can be written somewhere."""
    try:
        yield
    except BackupError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise BackupError(
                "disk_full", f"The disk of {place} is full: free some space, or name another one"
            ) from error
        if error.errno == errno.EFBIG:
            raise BackupError(
                "disk_full",
                f"The disk of {place} takes no file of more than 4 GB: format it as exFAT",
            ) from error
        raise BackupError(
            "unwritable", f"{place} cannot be written to ({error.strerror}): choose another place"
        ) from error
