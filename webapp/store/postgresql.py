"""A laboratory's database: how PostgreSQL is connected to, and what its complaints mean.

Those who write take turns from the beginning of their transaction, as with SQLite: so what one has
read still holds when it writes, no transaction is refused as not serializable, and none is lost to
a deadlock. Those who read see all of it as of one moment and wait for nobody.
"""

from importlib.util import find_spec
from typing import Any, Final

from sqlalchemy import URL, Connection

from webapp.store.errors import StoreError

NAME: Final = "postgresql"
_TURN: Final = 7238710  # key of the lock that a writer holds; any number that nobody else takes
_CONNECTS_S: Final = 10
_MEANT: Final = {
    "busy": ("55P03", "40001", "40P01", "53300"),
    "disk_full": ("53100",),
    "unwritable": ("25006", "42501"),
    "database_damaged": ("XX001", "XX002"),
}


def engine_options(patience_s: float) -> dict[str, Any]:
    """Give what an engine is made with.

    Args:
        patience_s: seconds that a writer waits for another.
    """
    settings = f"-c lock_timeout={patience_s * 1000:.0f} -c timezone=UTC"
    return {
        "connect_args": {"connect_timeout": _CONNECTS_S, "options": settings},
        "pool_pre_ping": True,  # the server may have been started anew
        "max_overflow": 20,  # more than the threads of a server
        "pool_timeout": patience_s,
    }


def checked(url: URL) -> URL:
    """Take the driver that is installed with the app's extra `postgres`.

    Raises:
        StoreError: `bad_request`, it is not installed.
    """
    if url.drivername == NAME:
        url = url.set(drivername=f"{NAME}+psycopg")
    if find_spec("psycopg") is None:
        raise StoreError(
            "bad_request",
            "PostgreSQL needs the package psycopg: install the extra 'postgres', or leave "
            "--database out",
        )
    return url


def public_name(url: URL) -> str:
    """Name a database without what lets somebody in: no user, no password, no parameters."""
    shown = URL.create(NAME, host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()


def begin(connection: Connection, writes: bool) -> None:
    """Begin a transaction: wait for the turn to write, or see all as of one moment."""
    connection.exec_driver_sql(
        f"SELECT pg_advisory_xact_lock({_TURN})"
        if writes
        else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
    )


def meaning(error: BaseException | None) -> str | None:
    """Tell the code of what a person can do something about; None of a mistake of the program."""
    sqlstate = getattr(error, "sqlstate", None)
    if type(error).__name__ == "DataError":
        return "bad_request"
    # Who was not let in has no state yet; 08 is a lost connection, 28 a wrong user, 57 a shutdown.
    if sqlstate is None or sqlstate[:2] in ("08", "28", "57") or sqlstate == "3D000":
        return "unreachable" if type(error).__name__ != "ProgrammingError" else None
    return next((code for code, states in _MEANT.items() if sqlstate in states), None)


def first_line(error: BaseException | None) -> str:
    """Give what the server said, in a line; it names no password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
