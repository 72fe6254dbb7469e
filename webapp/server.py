"""The HTTP server around the app, on this computer alone."""

import ipaddress
import json
import signal
import socket
import sys
from types import FrameType, TracebackType
from typing import Self

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from runtime import HematoVisionError
from webapp.errors import error_body
from webapp.security import HEADERS, new_request_id
from webapp.settings import Settings

CONNECTIONS = 32  # each may hold a body in memory
IDLE_S = 30


class AddressError(HematoVisionError, OSError):
    """The address cannot be listened on."""


def loopback_address(host: str) -> str:
    """Look up a host, and refuse one that other machines could reach.

    Returns:
        The address as a number, IPv4 where there are both.

    Raises:
        AddressError: the host is unknown, or is not of this computer alone.
    """
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:
        raise AddressError(
            "unknown_host", f"the host {host!r} is unknown: use 127.0.0.1 or localhost"
        ) from error
    if not all(ipaddress.ip_address(address).is_loopback for address in found):
        raise AddressError(
            "not_loopback",
            f"{host} can be reached from other machines, and this version has no accounts to "
            "keep them out: use 127.0.0.1 or localhost",
        )
    return min(found, key=lambda address: ":" in address)


class Server:
    """Listens from the moment it is made until its `with` ends."""

    def __init__(self, app: Flask, address: str, settings: Settings) -> None:
        """Bind the address.

        Raises:
            AddressError: the port is taken, or may not be used.
        """
        largest = settings.max_body_bytes + 100_000  # so that the app words the usual refusal
        try:
            self._server = create_server(
                app,
                host=address,
                port=settings.port,
                threads=settings.threads,
                connection_limit=CONNECTIONS,
                channel_timeout=IDLE_S,
                max_request_body_size=largest,
                inbuf_overflow=2 * largest,  # never reached: bodies stay off the disk
                ident=None,
            )
        except OSError as error:
            raise AddressError(
                "address_unusable",
                f"port {settings.port} of {address} cannot be used ({error.strerror}): stop the "
                "other program, or choose another port with --port",
            ) from error
        self._server.channel_class = _Channel
        self._stopped_by: int | None = None
        name = f"[{address}]" if ":" in address else address
        self.url = f"http://{name}:{self._server.effective_port}"

    def __enter__(self) -> Self:
        """Use the server in a `with`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._server.close()

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C; requests that are being answered are finished.

        Returns:
            The exit status: 0 after SIGTERM, 130 after Ctrl-C.
        """
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._server.run()
        return 130 if self._stopped_by == signal.SIGINT else 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped_by = number
        sys.exit()  # caught by Waitress, which lets its threads finish


class _Refusal(ErrorTask):  # type: ignore[misc] # Waitress has no types
    """Words what Waitress refuses by itself, such as a huge body, as the app words errors."""

    def execute(self) -> None:
        refused = self.request.error
        code = "too_large" if refused.code == 413 else "bad_request"
        limit = self.channel.server.adj.max_request_body_size // 10**6
        message = (
            f"The request is too large, the limit is {limit} MB: send one picture a request"
            if code == "too_large"
            else f"The request cannot be read: {refused.reason}"
        )
        request_id = new_request_id()
        body = json.dumps(error_body(code, message, request_id)).encode()
        self.status = f"{refused.code} {refused.reason}"
        self.response_headers += [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            ("X-Request-ID", request_id),
            *HEADERS.items(),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc] # as above
    error_task_class = _Refusal
