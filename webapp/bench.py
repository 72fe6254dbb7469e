"""What the app keeps: its database and its pictures, or why nothing can be kept.

Made once, shared by the threads of the server. Within a `with` old pictures are removed at once
and then daily, and copies are made, by a thread of its own that ends with it; another one sends
what was signed where that is wanted.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from runtime import HematoVisionError
from webapp.darkroom import Darkroom
from webapp.laboratory.push import Push
from webapp.laboratory.server import LaboratoryServer
from webapp.maintenance.copies import Copies
from webapp.record import ReviewClass
from webapp.service import current_service
from webapp.settings import Settings
from webapp.store.database import PICTURES, Database
from webapp.store.errors import StoreError
from webapp.store.options import read_options, review_classes
from webapp.store.pictures import Pictures
from webapp.store.retention import tidy

EXTENSION: Final = "hematovision bench"
TIDIES_S: Final = 24 * 3600.0
LOOKS_S: Final = 60.0  # after which is looked whether there is something to do
ENDS_S: Final = 5.0

_log = logging.getLogger(__name__)


class Bench:
    """The database and the pictures of an app; open it with `Bench.open`."""

    def __init__(self, database: Database | StoreError, folder: Path) -> None:
        """Keep a database of a folder, or the problem that stands in its place."""
        self.pictures = Pictures(folder / PICTURES)
        self.darkroom = Darkroom()
        self._unopened = database if isinstance(database, StoreError) else None
        self._folder = folder
        self._database = database if isinstance(database, Database) else None
        self.copies = Copies(self._database, folder) if self._database else None
        self.push: Push | None = None
        self._closing = threading.Event()
        self._keeping: threading.Thread | None = None

    @classmethod
    def open(cls, folder: Path, url: str | None = None) -> Self:
        """Open what lies in a folder; what cannot be opened is kept as the problem to show.

        Args:
            folder: of the pictures, and of the database where it has no `url`.
            url: of a database on a server.
        """
        database: Database | StoreError
        try:
            database = Database.open(url or folder)
        except StoreError as problem:
            database = problem
        except SQLAlchemyError as error:
            _log.exception("the database of %s cannot be opened", folder)
            database = StoreError(
                "database_damaged",
                f"the database of {folder} cannot be used ({error.__class__.__name__}, see the "
                "log): copy it back from a backup",
            )
        return cls(database, folder)

    def send_to(self, server: LaboratoryServer, name: str | None = None) -> None:
        """Send what is signed to a laboratory's server, within a `with`.

        Args:
            server: to send to.
            name: what it calls this device; None takes the computer's name.
        """
        if self._database:
            self.push = Push(self._database, server, name)

    def try_sending(self) -> Push:
        """Let what is signed be sent at once, and wait for a few seconds until it is.

        Returns:
            What sends it.

        Raises:
            StoreError: `not_found`, none is to be sent, or nothing can be kept.
        """
        if self.push is None:
            raise StoreError(
                "not_found",
                "This device sends no records: start it with a server's address in --push",
            )
        self.push.try_now()
        return self.push

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session as `Database.read` does.

        Raises:
            StoreError: as there, or the problem.
        """
        with self._able().read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session as `Database.begin` does: all is kept, or nothing.

        Raises:
            StoreError: as there, or the problem.
        """
        with self._able().begin() as session:
            yield session

    @property
    def problem(self) -> StoreError | None:
        """Why nothing can be kept; None where it can."""
        return self._database.displaced if self._database else self._unopened

    @property
    def database(self) -> Database:
        """The database itself.

        Raises:
            StoreError: the problem that stands in its place.
        """
        return self._able()

    @property
    def place(self) -> str:
        """Where it all lies, in words.

        Raises:
            StoreError: the problem.
        """
        database = self._able()
        return str(self._folder) if database.is_here else f"{database.name} and {self._folder}"

    def close(self) -> None:
        """Close the database."""
        if self._database:
            self._database.close()

    def __enter__(self) -> Self:
        """Remove old pictures and make copies from now on."""
        if self._database:
            self._keeping = threading.Thread(target=self._keep_house, name="house", daemon=True)
            self._keeping.start()
        if self.push:
            self.push.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End that, and close the database."""
        self._closing.set()
        if self.push:
            self.push.end()
        if self._keeping:
            self._keeping.join(ENDS_S)
        self.close()

    def _able(self) -> Database:
        """Give the database, or the problem anew: raised twice it would gather tracebacks."""
        if self._database is None:
            problem = self._unopened
            assert problem is not None  # noqa: S101 - one of both is there
            raise StoreError(problem.code, f"Nothing can be kept: {problem}, then start again")
        return self._database

    def _keep_house(self) -> None:
        tidied_s: float | None = None
        while not self._closing.is_set():
            if tidied_s is None or time.monotonic() - tidied_s > TIDIES_S:
                tidied_s = time.monotonic()
                self._try("old pictures were not removed", self._tidy)
            self._try("no copy was made", self._copy)
            self._closing.wait(LOOKS_S)

    def _tidy(self) -> None:
        tidy(self.database, self.pictures)

    def _copy(self) -> None:
        if self.copies:
            self.copies.tend()

    def _try(self, failed: str, work: Callable[[], None]) -> None:
        """Do something, and log why it can't be done: the thread goes on."""
        try:
            work()
        except StoreError as error:
            _log.error("%s: %s", failed, error)
        except Exception:  # noqa: BLE001 - a thread's end would else go unnoticed
            _log.exception(failed)


def register(app: Flask, settings: Settings, unkept: HematoVisionError | None = None) -> None:
    """Open what an app keeps, to be closed with it, and let pages say what is wrong with it.

    Args:
        app: the app.
        settings: name the folder of its data, and its database.
        unkept: why nothing can be kept there, which then is not even tried.

    Raises:
        PushError: `bad_server`, the server to send to cannot be used.
    """
    problem = StoreError(unkept.code, str(unkept)) if unkept else None
    folder = settings.data
    bench = Bench(problem, folder) if problem else Bench.open(folder, settings.database)
    if settings.push_to:
        server = LaboratoryServer(settings.push_to, settings.push_token, settings.push_token_file)
        bench.send_to(server, settings.push_name)
    weakref.finalize(app, bench.close)
    app.extensions[EXTENSION] = bench
    app.jinja_env.globals["why_nothing_is_kept"] = lambda: bench.problem


def bench_of(app: Flask) -> Bench:
    """Give the bench that `create_app` has put into an app."""
    bench: Bench = app.extensions[EXTENSION]
    return bench


def current_bench() -> Bench:
    """Give the bench of the app that handles this request."""
    return bench_of(current_app)


def current_classes(session: Session) -> tuple[ReviewClass, ...]:
    """List the classes that a person can give now: those of the answering model, then her own."""
    return review_classes(read_options(session), current_service().classes)
