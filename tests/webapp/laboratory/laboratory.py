"""A laboratory's server for devices to send to: the app itself on a socket, in this process.

It has an administrator, Ada, and an account of a device, bench-2.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

from argon2 import PasswordHasher
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.webapp.accounts.people import PASSWORD
from webapp.bench import bench_of
from webapp.store import passwords
from webapp.store.accounts import add_account
from webapp.store.database import Database
from webapp.store.passwords import hashed
from webapp.store.received import find_received, received_record
from webapp.store.sessions import add_token
from webapp.store.signing import find_record

TOKEN = "open sesame"  # noqa: S105 - of no server
DEVICE_ACCOUNT = "bench-2"
Environ = dict[str, Any]
Start = Callable[..., Any]


def device_token(place: Path | str) -> str:
    """Make the accounts of a laboratory's server in its database; give the token of its device."""
    cheap = mock.patch.object(passwords, "_HASHER", PasswordHasher(1, 8, 1))
    with cheap, Database.open(place) as database, database.begin() as session:
        add_account(session, "setup", "Ada", "administrator", hashed(PASSWORD, "Ada"))
        device = add_account(session, "Ada", DEVICE_ACCOUNT, "device")
        return add_token(session, "Ada", device, "records")


def received(app: Flask) -> list[str]:
    """Give the records that have arrived, in the order in which they did."""
    with bench_of(app).reading() as session:
        records = find_received(session, limit=200).records
        return [received_record(session, each.id)[1] for each in reversed(records)]


def signed(device: Database, *ids: tuple[int, int]) -> list[str]:
    with device.read() as session:
        return [find_record(session, *each).content for each in ids]


class Quiet(WSGIRequestHandler):
    """Logs nothing, and hangs up where the line is cut."""

    def log(self, *_: object) -> None:
        pass

    def connection_dropped(self, *_: object) -> None:
        self.close_connection = True


class Line:
    """Carries requests to the app; cuts some off, before or after the app has answered."""

    def __init__(self, app: Flask, cuts: Iterable[str] = ()) -> None:
        self._app, self._cuts = app, iter(cuts)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        cut = next(self._cuts, "")
        if cut != "before":
            answer = b"".join(self._app(environ, start if not cut else lambda *_: lambda _: None))
            if not cut:
                return [answer]
        raise ConnectionError(cut)


class Choosy:
    """Carries requests to the app; answers some records itself, by their content, as refused."""

    def __init__(self, app: Flask, refuses: Iterable[str], status: str = "400 Bad Request") -> None:
        self._app, self.refuses, self.status = app, set(refuses), status

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if json.loads(body)["content"] not in self.refuses:
            return self._app({**environ, "wsgi.input": BytesIO(body)}, start)
        error = {"code": "bad_request", "message": "It is of another version"}
        answer = json.dumps({"error": error}).encode()
        start(self.status, [("Content-Length", str(len(answer)))])
        return [answer]


@contextmanager
def answering(
    application: Callable[[Environ, Start], Iterable[bytes]],
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Serve for the length of a `with`; give the address."""
    server = make_server(
        "127.0.0.1", port, application, threaded=True, request_handler=Quiet, ssl_context=tls
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
