"""A PostgreSQL server of the tests' own, on a socket in a folder that goes with it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine

DEBIAN = Path("/usr/lib/postgresql")
FAST = "-c fsync=off -c full_page_writes=off -c listen_addresses=''"


def why_missing() -> str | None:
    """Say why no server can be started here; None where one can."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed: pip install 'psycopg[binary]'"
    if programs() is None:
        return "PostgreSQL's initdb is not installed: apt-get install postgresql"
    return None


def programs() -> Path | None:
    """Find the folder of initdb and pg_ctl; Debian keeps it off the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    return versions[-1].parent if versions else None


class Server:
    """Gives databases, each one new or a copy of another."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder, self.user, self._numbers = folder, user, count(1)

    def url(self, database: str, **query: str) -> str:
        url = URL.create(
            "postgresql",
            self.user,
            "",
            database=database,
            query={"host": str(self.folder), **query},
        )
        return url.render_as_string(hide_password=False)

    def new(self, like: str = "template1") -> str:
        """Make a database; return its name."""
        name = f"test{next(self._numbers)}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        self._ask(f"DROP DATABASE {name} WITH (FORCE)")

    def _ask(self, statement: str) -> None:
        engine = create_engine(self.url("postgres").replace("://", "+psycopg://", 1))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextmanager
def postgresql() -> Iterator[Server]:
    """Run a server for the length of a `with`; it refuses to run as root, so another user does."""
    found, by, user = programs(), dict[str, Any](), "postgres"
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has 107 characters
    if os.geteuid() == 0:
        by = {"user": user, "group": user, "extra_groups": [], "cwd": "/"}
        shutil.chown(folder, user, user)
    data, log = folder / "data", folder / "log"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **by)

    try:
        shared = ("-A", "trust", "-U", user, "-E", "UTF8", "--locale=C", "--no-sync")
        run(str(found / "initdb"), *shared, "-D", str(data))
        control = (str(found / "pg_ctl"), "-D", str(data), "-s", "-w")
        run(*control, "-l", str(log), "-o", f"{FAST} -k {folder}", "start")
        try:
            yield Server(folder, user)
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
