"""A camera in the network that streams Motion JPEG over HTTP."""

import base64
import http.client
import socket
from collections.abc import Generator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from runtime.errors import CameraError, HematoVisionError
from runtime.feed import SILENT_S, silent
from runtime.lines import one_line
from runtime.mjpeg import READ_BYTES, Splitter


class Url:
    """A Motion JPEG stream of a camera or a program in the network.

    No other address is asked than the one given: redirections are not followed.
    """

    live = True
    moving = True
    patience_s: float | None = SILENT_S
    advice = "check that the camera is on, and the address in its manual, or restart it"

    def __init__(self, url: str) -> None:
        """Take an address as a person gives it.

        Args:
            url: `http://host[:port]/path`, perhaps with `name:password@` before the host.

        Raises:
            HematoVisionError: `bad_source`, it is no such address.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or http.client.HTTP_PORT
        except ValueError as error:
            raise _no_address(url, str(error)) from error
        if parts.scheme.lower() != "http" or not parts.hostname:
            raise _no_address(url, "only http:// is read")
        self._host, self._port = parts.hostname, port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        asked = self._host + self._target
        if not self._target.isascii() or not asked.isprintable() or " " in asked:
            raise _no_address(url, "write spaces and special letters as %20 and the like")
        self._headers = {"Accept": "multipart/x-mixed-replace"}
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            try:
                encoded = base64.b64encode(login.encode())
            except UnicodeEncodeError as error:
                raise _no_address(url, "its name or password is no text in UTF-8") from error
            self._headers["Authorization"] = f"Basic {encoded.decode()}"
        # Without name and password, which some cameras take in the query.
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.name = f"http://{host}:{port}{parts.path or '/'}"
        self.notes: list[str] = []
        self._socket: socket.socket | None = None

    def frames(self) -> Generator[bytes, None, None]:
        """Connect and give the pictures of the stream as they come.

        Raises:
            CameraError: `camera_missing`, `camera_denied`, `camera_silent` or `camera_stream`.
        """
        connection = http.client.HTTPConnection(self._host, self._port, timeout=SILENT_S)
        response = None
        try:
            connection.connect()
            self._socket = connection.sock
            connection.request("GET", self._target, headers=self._headers)
            response = connection.getresponse()
            self._check(response)
            splitter = Splitter(self.name)
            while some := response.read1(READ_BYTES):
                yield from splitter.feed(some)
        except TimeoutError as error:
            raise silent(self) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, CameraError):
                raise
            raise CameraError(
                "camera_missing",
                f"{self.name} cannot be read ({one_line(str(error)) or type(error).__name__}): "
                "check that the camera is on, its address and the network",
            ) from error
        finally:
            if response is not None:
                response.close()
            connection.close()
        raise CameraError("camera_lost", f"{self.name} has ended the stream: it is tried again")

    def close(self) -> None:
        """Break off what `frames` waits for, from another thread."""
        if self._socket is not None:
            with suppress(OSError):  # it has been closed already
                self._socket.shutdown(socket.SHUT_RDWR)

    def _check(self, response: http.client.HTTPResponse) -> None:
        if response.status in (401, 403):
            raise CameraError(
                "camera_denied",
                f"{self.name} wants a name and a password: give http://NAME:PASSWORD@HOST/...",
            )
        if response.status != 200:
            raise CameraError(
                "camera_missing",
                f"{self.name} answers {response.status} {one_line(response.reason)[:80]}: "
                "check the path of the stream in the camera's manual",
            )
        kind = response.headers.get_content_type()
        if not kind.startswith("multipart/"):
            raise CameraError(
                "camera_stream",
                f"{self.name} sends {one_line(kind)[:80]}, not a Motion JPEG stream "
                "(multipart/x-mixed-replace): look for another path in the camera's manual",
            )


def _no_address(url: str, why: str) -> HematoVisionError:
    # What was given may hold a password.
    shown = one_line(url.rsplit("@", 1)[-1].split("?", 1)[0])[:200]
    return HematoVisionError(
        "bad_source",
        f"{shown} is not an address of a stream ({why}): give http://HOST:PORT/PATH",
    )
