"""The HTTP server around the app."""

import json
import os
import signal
import socket
import sys
import time
from types import FrameType, TracebackType
from typing import Any, Self, cast

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from webapp import logs
from webapp.addresses import AddressError
from webapp.errors import SEND_LESS, error_body
from webapp.security import HEADERS, new_request_id
from webapp.settings import Settings

CONNECTIONS = 300  # a silent one costs little, and is gone after `HEADERS_S`
BODIES = 32  # of the largest size, held in memory over all connections
SMALL_BYTES = 100_000  # of a body that is read on, however much is held
HEADERS_S = 8  # for the headers of a request, and for the next one's to begin
IDLE_S = 30  # for a body that came to a halt
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
            cleanup_interval=5,
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
        for channel in list(_channels(self._server).values()):
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
    """A connection that hangs up on who says nothing, and reads no more than memory can hold."""

    error_task_class = _Refusal
    _begun_s = 0.0  # when the request that is being received began

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self._begun_s = time.time()
        return bool(super().received(data))

    def readable(self) -> bool:
        """Asked at each turn of the loop, a second apart at most."""
        if not (self.requests or self.total_outbufs_len) and not _headers_came(self.request):
            since_s = self._begun_s if self.request else self.last_activity
            self.will_close = self.will_close or time.time() - since_s > HEADERS_S
        return bool(super().readable()) and not self._must_wait()

    def _must_wait(self) -> bool:
        """Whether a large body has to wait until others were answered."""
        if self.request is None or self.request.body_bytes_received < SMALL_BYTES:
            return False
        held = sum(each.held_bytes for each in _channels(self.server).values())
        return held > BODIES * self.adj.max_request_body_size

    @property
    def held_bytes(self) -> int:
        """Bytes of bodies that this connection holds."""
        held = [*self.requests, *([self.request] if self.request else [])]
        return sum(each.body_bytes_received for each in held)


def _channels(server: BaseWSGIServer) -> dict[int, _Channel]:
    return cast(dict[int, _Channel], server.active_channels)  # the stub is wrong


def _headers_came(request: HTTPRequestParser | None) -> bool:
    return request is not None and request.headers_finished
