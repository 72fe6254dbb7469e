"""Opens the database, brings its tables up to date, and gives sessions.

SQLite keeps a commit through a power cut (write-ahead log, `synchronous=FULL`). Those who write
take turns from the beginning of their transaction, those who read wait for nobody. All that only
SQLite understands stands in this file, all that only PostgreSQL does in `postgresql`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from runtime.files import make_folder
from webapp.store import postgresql
from webapp.store.before import keep_before
from webapp.store.errors import StoreError
from webapp.store.migrations import migrate

FILE: Final = "hematovision.db"
PICTURES: Final = "pictures"  # the folder beside it
PATIENCE_S: Final = 10.0  # that a writer waits for another
WRITES: Final = "hematovision_writes"


class Database:
    """A database whose tables are those of this program; open it with `Database.open`."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Keep an engine that `open` has made ready."""
        self.name = name
        self.engine = engine
        self._opened = _identity(engine, name)
        self._writing = engine.execution_options(**{WRITES: True})

    @classmethod
    def open(cls, place: str | Path) -> "Database":
        """Open a database, made where there is none, with the tables of this program.

        Args:
            place: a folder, made when missing, that holds `hematovision.db`; or the URL of a
                database on a PostgreSQL server, as `postgresql://user:password@host/name`.

        Raises:
            StoreError: `database_newer`, `database_damaged`, `unwritable`, `busy`, `disk_full`,
                `unreachable` or `bad_request`.
        """
        url = _url(place)
        is_sqlite = url.get_backend_name() == "sqlite"
        name = str(url.database) if is_sqlite else postgresql.public_name(url)
        engine = create_engine(url, **_options(url))
        event.listen(engine, "begin", _begin)
        _refuse_emptied(url)
        try:
            with _explained(name):
                if is_sqlite:
                    event.listen(engine, "connect", _configure)
                    _use_write_ahead_log(engine)
                _bring_up_to_date(engine, name)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, name)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Give a session that writes, in one transaction: all of it is kept, or nothing.

        Raises:
            StoreError: `busy`, `disk_full`, `unwritable`, `database_damaged`, `unreachable` or
                `bad_request`.
        """
        maker = sessionmaker(self._writing, expire_on_commit=False)
        with _explained(self.name), maker.begin() as session:
            yield session
            if self.displaced:
                raise self.displaced

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that only reads, all of it as of one moment; it waits for no writer.

        Raises:
            StoreError: `busy`, `database_damaged`, `unreachable` or `bad_request`.
        """
        with _explained(self.name), Session(self.engine, autoflush=False) as session:
            yield session

    @property
    def is_here(self) -> bool:
        """Whether it is a file of this computer, and not of a server."""
        return self.engine.dialect.name == "sqlite"

    def system(self) -> str:
        """Name the database system and its version."""
        if self.is_here:
            return f"SQLite {sqlite3.sqlite_version}"
        with self.read() as session:
            told = str(session.connection().exec_driver_sql("SHOW server_version").scalar())
        return f"PostgreSQL {told.split()[0]}"

    @property
    def displaced(self) -> StoreError | None:
        """Why what is written would be lost: the file was removed, or is another by now.

        SQLite would go on in the file that it has open, and it would vanish with the program.
        """
        if _identity(self.engine, self.name) == self._opened:
            return None
        return StoreError(
            "unwritable",
            f"{self.name} was removed or replaced while the program ran, nothing is kept any "
            "more: put it back or restore a backup, then start the program again",
        )

    def size_bytes(self) -> int:
        """Return what the database takes on its disk, of a file its log too."""
        if not self.is_here:
            asked = "SELECT pg_database_size(current_database())"
            with self.read() as session:
                return int(session.connection().exec_driver_sql(asked).scalar_one())
        parts = (Path(f"{self.name}{ending}") for ending in ("", "-wal", "-shm"))
        return sum(part.stat().st_size for part in parts if part.exists())

    def faults(self) -> list[str]:
        """Look through the whole database for damage; of a server's only that it answers."""
        asked = "PRAGMA quick_check" if self.is_here else "SELECT 'ok'"
        with self.read() as session:
            told = session.connection().exec_driver_sql(asked).scalars().all()
        return [str(each) for each in told if each != "ok"]

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> "Database":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self.close()


def _url(place: str | Path) -> URL:
    if isinstance(place, Path):
        try:
            make_folder(place)
        except OSError as error:
            raise StoreError(
                "unwritable",
                f"{place} cannot be made ({error.strerror}): name another folder with --data",
            ) from error
        return URL.create("sqlite", database=str(place / FILE))
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise _no_database() from error
    if url.get_backend_name() != postgresql.NAME or not url.database:
        raise _no_database()
    return postgresql.checked(url)


def _no_database() -> StoreError:
    """Refuse a URL without repeating it: it may hold a password."""
    return StoreError(
        "bad_request",
        "What was given as the database is none: write it as postgresql://user@host/name",
    )


def _refuse_emptied(url: URL) -> None:
    """Take an empty file for a new database only where no pictures tell of an older one."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    if not file.is_file() or file.stat().st_size:
        return
    if any((file.parent / PICTURES).glob("??/*")):
        raise StoreError(
            "database_damaged",
            f"{file} is empty, but pictures of slides lie beside it: copy it back from a backup",
        )


def _identity(engine: Engine, name: str) -> tuple[int, int] | None:
    """Tell a database file from any other that may come to its place; None where there is none."""
    if engine.dialect.name != "sqlite":
        return None
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() != "sqlite":
        return postgresql.engine_options(PATIENCE_S)
    # SQLAlchemy begins transactions itself, see `_begin`; the driver would begin them too late.
    return {"connect_args": {"timeout": PATIENCE_S, "isolation_level": None}}


def _configure(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    """Let one who writes wait at once: later, with what was read by then, it would be refused."""
    writes = bool(connection.get_execution_options().get(WRITES))
    if connection.dialect.name == postgresql.NAME:
        postgresql.begin(connection, writes)
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_write_ahead_log(engine: Engine) -> None:
    """Switch the log on, once for ever; SQLite does not wait here, so this does."""
    end_s = time.monotonic() + PATIENCE_S
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 (of a connection that is open)
        while True:
            try:
                driver.execute("PRAGMA journal_mode=WAL").fetchall()
            except sqlite3.OperationalError as error:
                if _name_of(error) != "SQLITE_BUSY" or time.monotonic() > end_s:
                    raise
                time.sleep(0.05)
            else:
                return


def _bring_up_to_date(engine: Engine, name: str) -> None:
    """Migrate, one process at a time; SQLite's file is copied before."""
    keep: Callable[[str], object] = _nothing
    with engine.execution_options(**{WRITES: True}).connect() as connection:
        if engine.dialect.name == "sqlite":
            # A step may make a table anew, which would take along what hangs on the old one.
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 (of a connection that is open)
            driver.execute("PRAGMA foreign_keys=OFF")
            keep = partial(keep_before, Path(name))
        with connection.begin():
            migrate(connection, name, keep)
        connection.invalidate()  # the next one has its foreign keys on


def _nothing(_: str) -> None:
    """Keep no copy: a server's database has backups of its own."""


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say in one line what the database complains of, where a person can do something about it."""
    try:
        yield
    except PoolTimeoutError as error:
        raise _problem("busy", name) from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        is_sqlite = isinstance(cause, sqlite3.Error)
        code = _meaning(cause) if is_sqlite else postgresql.meaning(cause)
        if code is None:
            raise
        raise _problem(code, name, postgresql.first_line(cause)) from error


def _name_of(error: BaseException | None) -> str:
    """Give SQLite's main name of the kind of an error."""
    return "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])


def _meaning(error: BaseException | None) -> str | None:
    known = {
        "busy": ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "disk_full": ("SQLITE_FULL",),
        "unwritable": ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR"),
        "database_damaged": ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
    }
    return next((code for code, kinds in known.items() if _name_of(error) in kinds), None)


def _problem(code: str, name: str, said: str = "") -> StoreError:
    messages = {
        "busy": f"{name} was in use by another for {PATIENCE_S:g} s: try again",
        "disk_full": f"The disk is full, nothing was kept in {name}: free some space and try again",
        "unwritable": f"{name} cannot be opened or written: check the disk and who may write there",
        "database_damaged": f"{name} is damaged or no database: copy it back from a backup",
        "unreachable": f"{name} does not let us in ({said}): check that its server runs, the "
        "network, the user and the password",
        "bad_request": f"A text or a number cannot be kept ({said}): leave strange characters out",
    }
    return StoreError(code, messages[code])
