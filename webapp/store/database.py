"""Opens the database, brings its tables up to date, and gives sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine
from sqlalchemy.orm import Session

FILE = "hematovision.db"


class Database:
    """A database whose tables are those of this program; open it with `Database.open`."""

    engine: Engine

    @classmethod
    def open(cls, place: str | Path) -> "Database":
        """Open a database, made where there is none, with the tables of this program.

        Args:
            place: a folder, made when missing, that holds `hematovision.db`; or an SQLAlchemy URL.

        Raises:
            StoreError: `database_newer`, `database_damaged`, `unwritable`, `busy` or `disk_full`.
        """
        raise NotImplementedError

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Give a session that writes, in one transaction: all of it is kept, or nothing.

        Raises:
            StoreError: `busy`, `disk_full` or `unwritable`.
        """
        raise NotImplementedError

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that only reads, all of it as of one moment; it waits for no writer."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

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
