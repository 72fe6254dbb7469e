"""The laboratory's server as a device sees it: its address, and records sent to it.

Nothing else is ever connected to: no proxy is asked, no redirection followed.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from runtime import HematoVisionError

PATH: Final = "/api/v1/received"
TOKEN: Final = "HEMATOVISION_PUSH_TOKEN"  # noqa: S105 - the name of the variable
PATIENCE_S: Final = 30.0  # for the next byte
LONGEST_S: Final = 300.0  # for a record and its answer, however steadily the bytes trickle
_LARGEST_ANSWER: Final = 100_000  # bytes


class PushError(HematoVisionError, OSError):
    """A record was not sent; it is tried again later.

    Codes: `bad_server`; `no_server` where none is reached; `refused` by it; `record_refused` where
    it would take others; `gap` where it lacks what was sent before.
    """


@dataclass(frozen=True)
class LaboratoryServer:
    """A server that records are sent to.

    Attributes:
        address: `https://host[:port][/path]`; `http://` of this computer only.
        token: API token of the device's account there, as the environment holds it.
        token_file: file that holds it instead, which is read anew each time that it is needed.
    """

    address: str
    token: str = field(default="", repr=False)
    token_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse an address or a token that cannot be used.

        Raises:
            PushError: `bad_server`.
        """
        _parts(self.address)
        self._token()

    def send(self, record: Mapping[str, Any]) -> None:
        """Send a record; when this returns the server has it.

        Args:
            record: as `POST /api/v1/received` takes it.

        Raises:
            PushError: `no_server`, `refused`, `record_refused` or `gap`; `bad_server` where the
                token's file cannot be used any more.
        """
        status, answer = self._post(json.dumps(record).encode())
        if status in (200, 201) and answer.get("sha256") == record["sha256"]:
            return
        told = answer.get("error")
        told = told if isinstance(told, dict) else {}
        if status == 409 and told.get("code") == "gap":
            raise PushError("gap", f"{self.address} lacks what was sent before")
        if status == 401:
            raise PushError(
                "refused",
                f"{self.address} does not know the token in {self._where}, or it was revoked: let "
                f"an administrator there make another, and {self._renew}",
            )
        if status == 413:  # a proxy before the server may say so in its own words
            said = told.get("message", "it is larger than a proxy before the server lets through")
        else:
            said = told.get("message", "it does not answer as HematoVision does")
        is_its_own = status == 413 or (status == 400 and told.get("code") == "bad_request")
        raise PushError(
            "record_refused" if is_its_own else "refused",
            f"{self.address} has not taken the record ({status}): {str(said)[:300]}",
        )

    @property
    def _where(self) -> str:
        return f"{self.token_file} ({TOKEN}_FILE)" if self.token_file else TOKEN

    @property
    def _renew(self) -> str:
        if self.token_file:
            return "write it into this file, which is read anew at each try"
        return (
            f"start the app here anew with it in {TOKEN}, or with the file that {TOKEN}_FILE names"
        )

    def _token(self) -> str:
        """Give the token as it is now.

        Raises:
            PushError: `bad_server`, there is none that can be sent.
        """
        token = self.token
        if self.token_file:
            try:
                token = self.token_file.read_text("ascii").strip()
            except (OSError, ValueError) as error:
                raise PushError(
                    "bad_server",
                    f"the token in {self.token_file} cannot be read: see {TOKEN}_FILE and who may "
                    "read it",
                ) from error
        if token and token.isascii() and token.isprintable():
            return token
        if self.token_file:
            raise PushError(
                "bad_server", f"{self.token_file} ({TOKEN}_FILE) holds no token: write it there"
            )
        raise PushError(
            "bad_server",
            f"{self.address} needs a token to send records: put it into {TOKEN}, or into the "
            f"file that {TOKEN}_FILE names",
        )

    def _post(self, body: bytes) -> tuple[int, Mapping[str, Any]]:
        parts = _parts(self.address)
        connection = _connection(parts)
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        try:
            connection.connect()
            with _hung_up_after(connection.sock, LONGEST_S):
                # A proxy may close before it has read a body that it refuses; its answer is there.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request("POST", f"{parts.path.rstrip('/')}{PATH}", body, headers)
                response = connection.getresponse()
                answer = response.read(_LARGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise PushError("no_server", f"{self.address} is not reached: {why}") from error
        finally:
            connection.close()
        try:
            told = json.loads(answer)
        except (ValueError, RecursionError):
            told = None
        return response.status, told if isinstance(told, dict) else {}


@contextmanager
def _hung_up_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """End a connection that is not done by itself until then; whoever reads finds it closed."""

    def hang_up() -> None:
        with suppress(OSError):  # it has ended by itself
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of TLS too, which is being read

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _parts(address: str) -> SplitResult:
    """Take an address apart; the message never repeats one that holds a password."""
    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0
        (parts.hostname or "").encode("idna")  # refuses what no name may be, such as a..b
    except ValueError:
        parts, has_port = urlsplit(""), False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    fits = parts.hostname and has_port and plain and address.isascii() and address.isprintable()
    if not fits or " " in address:
        raise PushError(
            "bad_server", "The server to send records to is no address: write https://host"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts)):
        raise PushError(
            "bad_server",
            f"{address} would carry records where others can read them: write https://",
        )
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    # The port is always said: else the end of an IPv6 address is taken for one.
    if parts.scheme == "https":
        trusted = ssl.create_default_context()  # SSL_CERT_FILE adds a laboratory's own authority
        port = parts.port or http.client.HTTPS_PORT
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=trusted)
    return http.client.HTTPConnection(host, parts.port or http.client.HTTP_PORT, timeout=PATIENCE_S)
