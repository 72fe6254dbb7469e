"""What the app can be told, in one frozen object."""

from dataclasses import dataclass, field
from pathlib import Path

from runtime.bundle import MODELS
from runtime.images import MAX_BYTES
from webapp.data import default_data
from webapp.first_administrator import FirstAdministrator


@dataclass(frozen=True)
class Settings:
    """Settings of the app and of the server around it.

    Attributes:
        host: address to listen on; one that others can reach needs accounts.
        port: port to listen on, 0 takes a free one.
        model: folder of the bundle that names cells; None takes the default one.
        detector: folder of the bundle that finds cells in fields; None takes the default one.
        data: folder of what the app keeps; made when it is first needed.
        database: URL of a PostgreSQL database, which may hold a password; None takes a file in
            `data`.
        push_to: address of the laboratory's server that signed records are sent to; None for none.
        push_token: API token of this device's account there.
        push_token_file: file that holds the token instead.
        push_name: what that server calls this device; None takes the computer's name.
        administrator: whom to make one where there is no account.
        models: folder whose bundles are listed.
        max_body_bytes: largest body of a request in bytes.
        max_parts: most pictures, and other form parts, in one request.
        working: requests that are classified at once.
        waiting: requests that may wait for that; more are sent away at once.
        patience_s: seconds that a request waits before it is sent away.
        watching: requests that may wait for the camera's next picture at once.
        camera_folder: folder of videos and pictures that pages may open as a camera; None for none.
        allow_hosts: names that the app answers to, exactly, beside those of this computer.
        proxy: address of the one proxy whose word is taken for who asks, and whether over TLS.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    model: Path | None = None
    detector: Path | None = None
    data: Path = field(default_factory=default_data)
    database: str | None = field(default=None, repr=False)
    push_to: str | None = None
    push_token: str = field(default="", repr=False)
    push_token_file: Path | None = None
    push_name: str | None = None
    administrator: FirstAdministrator | None = None
    models: Path = MODELS
    max_body_bytes: int = MAX_BYTES
    max_parts: int = 50
    working: int = 2
    waiting: int = 6
    patience_s: float = 5.0
    watching: int = 4
    camera_folder: Path | None = None
    allow_hosts: tuple[str, ...] = ()
    proxy: str | None = None

    @property
    def threads(self) -> int:
        """Threads of the server, a few more than may classify or wait, so that pages still come."""
        return self.working + self.waiting + self.watching + 4
