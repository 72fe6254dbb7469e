"""The device that is updated: where its versions and data are, how its server is started anew."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from webapp.addresses import address_of
from webapp.data import default_data
from webapp.packaging.installer.manifest import MANIFEST, InstallError
from webapp.packaging.installer.place import Place, running_version
from webapp.packaging.installer.services import KIOSK, UNITS, serves, start_services
from webapp.settings import Settings
from webapp.store.database import FILE
from webapp.update.errors import UpdateError
from webapp.update.trial import PATIENCE_S, Health, ask

SERVICE_DATA: Final = Path("/var/lib/hematovision")  # of the unit
SERVICE_SETTINGS: Final = Path("/etc/hematovision.env")


@dataclass(frozen=True)
class Device:
    """What is updated.

    Attributes:
        place: of the versions.
        data: the app's folder.
        url: where its server answers.
        restart: the command that starts the server anew; None where the system does, or nobody.
    """

    place: Place
    data: Path
    url: str
    restart: tuple[str, ...] | None = None

    @property
    def is_service(self) -> bool:
        """Whether the system starts this server."""
        return is_service(self.place.prefix)

    @property
    def can_restart(self) -> bool:
        """Whether the server can be started anew from here."""
        return self.restart is not None or self.is_service

    @property
    def current(self) -> str:
        """The name of the version that runs.

        Raises:
            UpdateError: `not_installed`.
        """
        name = self.place.current
        if name is None or not (self.place.versions / name).is_dir():
            raise UpdateError(
                "not_installed",
                f"nothing is installed in {self.place.prefix}: name its place with --prefix",
            )
        return name

    def version_of(self, name: str) -> str:
        """Tell the version of the program, such as `0.1.0`, of an installed one.

        Raises:
            UpdateError: `not_installed`, its manifest is gone.
        """
        file = self.place.versions / name / MANIFEST
        try:
            return str(json.loads(file.read_bytes())["version"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UpdateError(
                "not_installed", f"{file} cannot be read: install this version anew"
            ) from error

    def start_anew(self, version: str, *tolerated: Health | None) -> str | None:
        """Start the server anew, so that it is of the version that `current` names.

        Args:
            version: of the program that has to answer.
            tolerated: what was wrong with one of them may be so again.

        Returns:
            What is wrong with it; None where it answers as it should.
        """
        begun_s = time.monotonic()
        try:
            if self.restart:
                command: Sequence[str] = self.restart
                done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - what the person names
                if done.returncode:
                    return f"{shlex.join(command)} has failed: {_line(done.stderr or done.stdout)}"
            else:
                start_services(self.place, kiosk=(UNITS / KIOSK).exists())
        except (OSError, InstallError) as error:
            return str(error)
        health = None
        while time.monotonic() - begun_s < PATIENCE_S:
            health = ask(self.url)
            if health and health.version == version:
                is_new = health.uptime_s <= time.monotonic() - begun_s + 1
                if is_new and any(map(health.is_as_well_as, tolerated)):
                    return None
                if is_new:
                    return health.message
            time.sleep(0.2)
        if health:
            return f"{self.url} is answered by {health.version}, which was not started anew"
        return f"{self.url} has not answered within {PATIENCE_S:g} s"


def is_service(prefix: Path) -> bool:
    """Tell whether the system starts the server of a prefix, and this process may tell it to."""
    if sys.platform == "win32" or os.geteuid() != 0 or not Path("/run/systemd/system").is_dir():
        return False
    return serves(prefix)


def usual_prefix() -> Path | None:
    """Give where the version that runs this is installed; None in a checkout."""
    return Path(sys.prefix).resolve().parents[2] if running_version() else None


def installed_device(
    prefix: Path,
    environment: Mapping[str, str],
    *,
    data: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    restart: Sequence[str] = (),
) -> Device:
    """Say where the data and the server of a prefix are: as named, else as the settings have it.

    Args:
        prefix: where it is installed.
        environment: its settings go before those of the service.
        data: the app's folder.
        host: that the server listens on.
        port: the same.
        restart: the command that starts the server anew.

    Raises:
        UpdateError: `no_data`, nobody has named the folder, and there are none in the usual one;
            `not_installed`.
        AddressError: the host is unknown.
    """
    service = is_service(prefix)
    settings = {**(_settings(SERVICE_SETTINGS) if service else {}), **environment}
    named = data or settings.get("HEMATOVISION_DATA")
    folder = Path(named or (SERVICE_DATA if service else default_data(environment)))
    told = settings.get("HEMATOVISION_PORT", "")
    found = Device(
        Place(prefix, prefix / "bin"),
        folder,
        _url(
            host or settings.get("HEMATOVISION_HOST") or Settings.host,
            port or (int(told) if told.isdigit() else Settings.port),
        ),
        tuple(restart) or None,
    )
    if not (named or service or (folder / FILE).is_file()) and found.current:
        raise UpdateError(
            "no_data",
            f"there are no data in {folder}: name the folder that this HematoVision keeps its "
            "data in with --data",
        )
    return found


def _settings(file: Path) -> dict[str, str]:
    """Read the settings of a service, as systemd does; none where there is no such file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    told = (line.strip().partition("=") for line in lines if "=" in line)
    return {
        name.strip(): text.strip().strip("\"'")
        for name, _, text in told
        if not name.startswith(("#", ";"))
    }


def _url(host: str, port: int) -> str:
    """Give the address that a server answers at which listens on a host."""
    address = ip_address(address_of(host))
    if address.is_unspecified:  # it listens on all, this computer's own among them
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def _line(text: str) -> str:
    return " ".join(text.split())[-400:]
