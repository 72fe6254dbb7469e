"""The HTTP server around the app."""

import json
import os
import signal
import socket
import sys
from types import FrameType, TracebackType
from typing import Any, Self, cast

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from webapp import logs
from webapp.addresses import AddressError
from webapp.errors import SEND_LESS, error_body
from webapp.security import HEADERS, new_request_id
from webapp.settings import Settings

CONNECTIONS = 32  # each may hold a body in memory
IDLE_S = 30
# Who asks, and whether over TLS. The name that we are called by comes as Host, see docs/proxy.
BELIEVED = ("x-forwarded-for", "x-forwarded-proto")
FINISH_S = 25  # for a picture at the limit on a small computer; Waitress alone waits 5 before that


def listen(address: str, port: int) -> socket.socket:
    """Take a port of an address that `address_of` has found.

    Raises:
        AddressError: the port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        hint = (
            "ports below 1024 need administrator rights, choose another with --port"
            if isinstance(error, PermissionError)
            else "stop the program that holds it, or choose another port with --port"
        )
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise AddressError(
            "address_unusable",
            f"port {port} of {address} cannot be used ({reason}): {hint}",
        ) from error


class Server:
    """Serves the app on a socket, within a `with`."""

    def __init__(self, app: Flask, listening: socket.socket, settings: Settings) -> None:
        """Make the server; it answers from `run` on."""
        largest = settings.max_body_bytes + 100_000  # so that the app words the usual refusal
        # Of all other senders Waitress takes the proxy's headers away.
        believed: dict[str, Any] = {}
        if settings.proxy:
            believed = {"trusted_proxy": settings.proxy, "trusted_proxy_headers": set(BELIEVED)}
        server = create_server(
            app,
            sockets=[listening],
            threads=settings.threads,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_S,
            max_request_body_size=largest,
            inbuf_overflow=2 * largest,  # never reached: bodies stay off the disk
            ident=None,
            **believed,
        )
        self._server = cast(BaseWSGIServer, server)  # of one socket, so not one of many servers
        self._server.channel_class = _Channel
        self._status = 0
        address, port = listening.getsockname()[:2]
        self.url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"

    def __enter__(self) -> Self:
        """From here on SIGTERM and Ctrl-C end the process without a traceback."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening, and hang up."""
        channels = cast(dict[int, HTTPChannel], self._server.active_channels)  # the stub is wrong
        for channel in list(channels.values()):
            channel.close()
        self._server.close()

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C, then finish the requests that are being answered.

        That takes half a minute at most; a second signal ends it at once.

        Returns:
            The exit status: 0 after SIGTERM, 130 after Ctrl-C.
        """
        self._server.run()
        self._server.task_dispatcher.shutdown(timeout=FINISH_S)
        return self._status

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._status = 130 if number == signal.SIGINT else 0
        sys.exit(self._status)  # ends Waitress's loop; its threads go on until `run` returns


class _Refusal(ErrorTask):
    """Words what Waitress refuses by itself, such as a huge body, as the app words errors."""

    def execute(self) -> None:
        refused = self.request.error  # type: ignore[attr-defined] # the stub is wrong here
        code = "too_large" if refused.code == 413 else "bad_request"
        limit = self.channel.server.adj.max_request_body_size // 10**6
        message = (
            f"The request is too large, the limit is {limit} MB: {SEND_LESS}"
            if code == "too_large"
            else f"The request cannot be read: {refused.reason}"
        )
        request_id = new_request_id()
        body = json.dumps(error_body(code, message, request_id)).encode()
        self.status = f"{refused.code} {refused.reason}"
        self.response_headers = [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            ("X-Request-ID", request_id),
            *HEADERS.items(),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
        logs.note_request(
            request_id=request_id,
            method=getattr(self.request, "command", None),
            path=getattr(self.request, "path", None),
            status=refused.code,
            bytes=len(body),
        )


class _Channel(HTTPChannel):
    error_task_class = _Refusal
