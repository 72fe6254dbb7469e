"""A laboratory's server for devices to send to: the app itself on a socket, in this process."""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

TOKEN = "open sesame"  # noqa: S105 - of no server but these
Environ = dict[str, Any]
Start = Callable[..., Any]


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
