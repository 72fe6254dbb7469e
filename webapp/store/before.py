"""The database as it was before its tables were migrated, for the program of before.

It holds all that had been kept by then: it is made while nobody can write, right before the first
step. The last one stays beside the database until the next migration.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from runtime.files import PART, sync_folder
from webapp.store.errors import StoreError

ENDING: Final = ".before-"


def keep_before(database: Path, revision: str) -> Path:
    """Copy a database whose tables are of a revision, while the caller keeps other writers out.

    Args:
        database: the file.
        revision: of its tables.

    Returns:
        The copy, on the disk.

    Raises:
        sqlite3.Error: it cannot be read, or written beside itself.
        StoreError: `unwritable`; the same.
    """
    file = database.with_name(f"{database.name}{ENDING}{revision}")
    part = database.with_name(f"{PART}{file.name}")
    part.unlink(missing_ok=True)
    try:
        copy_database(database, part)
        part.replace(file)
        sync_folder(file.parent)
        for older in kept_before(database):
            if older != file:
                older.unlink()
    except OSError as error:
        raise StoreError(
            "unwritable",
            f"{database} is not brought up to date, as it cannot be copied ({error.strerror}): "
            "free some space",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return file


def kept_before(database: Path) -> list[Path]:
    """List what `keep_before` has made of a database."""
    found = database.parent.glob(f"{database.name}{ENDING}*")
    return sorted(each for each in found if not each.name.endswith(("-wal", "-shm", "-journal")))


def kept_of(database: Path, revision: str) -> Path | None:
    """Give the copy from which the database's tables, of a revision then, were migrated.

    Returns:
        None where there is no such copy, or where the tables are of that revision again: the copy
        is then of an earlier time than the last change of the program.
    """
    file = database.with_name(f"{database.name}{ENDING}{revision}")
    return file if file.is_file() and revision_of(database) != revision else None


def revision_of(database: Path) -> str | None:
    """Tell which revision a database's tables are of; None of one that cannot be read."""
    try:
        address = f"{database.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError):
        return None
    return str(revision)


def copy_database(database: Path, target: Path) -> None:
    """Copy a database as of one moment, also while others write; the copy is on the disk then.

    Raises:
        sqlite3.Error: it cannot be read, or the copy not written.
        OSError: the same.
    """
    address = f"{database.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        # One file, also when it is only read: a write-ahead log would lie beside it for ever.
        new.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb+") as stream:
        os.fsync(stream.fileno())
