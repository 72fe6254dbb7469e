"""Which pictures of an archive have a row already, and where the answer to a content stands.

A database beside the parts, on the disk rather than in memory. All in it is taken from the parts:
one that is lost or damaged is made anew from them.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import HematoVisionError

CACHE_KIB = 64 * 1024
ASKED_AT_ONCE = 500  # SQLite takes at least 999 values in a question
_TABLES = """
CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (key BLOB PRIMARY KEY, refused INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents
  (sha256 BLOB PRIMARY KEY, part TEXT, place INTEGER, refused INTEGER) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Found:
    """A picture file as it was found; one that has changed since is another.

    Attributes:
        name: its path, as given or as a walk found it.
        size: in bytes; None where nothing is found under the name.
        modified_us: when it was last changed, microseconds since 1970; None as above.
    """

    name: str
    size: int | None
    modified_us: int | None

    @classmethod
    def at(cls, name: str) -> "Found":
        """Look at a file, without opening it."""
        try:
            told = Path(name).stat()
        except (OSError, ValueError):  # reading it will say why
            return cls(name, None, None)
        return cls(name, told.st_size, told.st_mtime_ns // 1000)

    @property
    def source(self) -> str:
        r"""The name as text; bytes of it that are none as JSON writes them, such as `\udcff`."""
        return self.name.encode("utf-8", "backslashreplace").decode()

    @property
    def key(self) -> bytes:
        """Tell this picture from others in 16 bytes."""
        told = f"{self.source}\0{self.size}\0{self.modified_us}"
        return hashlib.blake2b(told.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Entry:
    """What is kept of a row."""

    key: bytes
    sha256: str | None
    refused: bool


class Index:
    """The database; one command at a time uses it. Open it with `open_index`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Take a database with the tables in it."""
        self._database = database

    def parts(self) -> set[str]:
        """Name the parts whose rows are in it."""
        return {name for (name,) in self._database.execute("SELECT name FROM parts")}

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Tell which pictures have a row, and of each whether it is a refusal."""
        question = "SELECT key, refused FROM pictures WHERE key IN"
        return {key: bool(refused) for key, refused in self._asked(question, keys)}

    def places(self, sha256: Iterable[str]) -> Mapping[str, tuple[str, int, bool]]:
        """Tell where the answers to contents stand: part, row, and whether it is a refusal."""
        question = "SELECT sha256, part, place, refused FROM contents WHERE sha256 IN"
        hashes = [bytes.fromhex(each) for each in sha256]
        return {
            content.hex(): (part, place, bool(refused))
            for content, part, place, refused in self._asked(question, hashes)
        }

    def add(self, part: str, entries: Sequence[Entry]) -> None:
        """Take in the rows of a part, all or none."""
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO parts VALUES (?)", (part,))
            self._database.executemany(
                "INSERT OR REPLACE INTO pictures VALUES (?, ?)",
                ((entry.key, entry.refused) for entry in entries),
            )
            # The first answer to a content stays, unless it was a refusal that was tried again.
            self._database.executemany(
                "INSERT INTO contents VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "part = excluded.part, place = excluded.place, refused = excluded.refused "
                "WHERE refused",
                (
                    (bytes.fromhex(entry.sha256), part, place, entry.refused)
                    for place, entry in enumerate(entries)
                    if entry.sha256
                ),
            )

    def _asked(self, question: str, values: Sequence[bytes]) -> Iterator[Any]:
        for start in range(0, len(values), ASKED_AT_ONCE):
            some = values[start : start + ASKED_AT_ONCE]
            yield from self._database.execute(f"{question} ({', '.join('?' * len(some))})", some)


@contextmanager
def open_index(file: Path, parts: Iterable[str]) -> Iterator[Index]:
    """Open the index of these parts; one that is damaged, or knows of others, is begun anew.

    Raises:
        HematoVisionError: `unwritable`.
    """
    try:
        try:
            database = _opened(file)
            if Index(database).parts() - set(parts):
                database.close()
                raise sqlite3.DatabaseError("it knows parts that are gone")
        except sqlite3.DatabaseError:
            for each in (file, file.with_name(f"{file.name}-journal")):
                each.unlink(missing_ok=True)
            database = _opened(file)
        try:
            yield Index(database)
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        raise HematoVisionError(
            "unwritable", f"{file} cannot be written ({error}): make room, or choose another place"
        ) from error


def _opened(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    try:
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        database.executescript(_TABLES)
    except sqlite3.Error:
        database.close()
        raise
    return database
