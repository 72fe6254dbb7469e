"""What a system needs to start the app by itself: systemd's units."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from webapp.packaging.installer.manifest import InstallError
from webapp.packaging.installer.place import Place, write_whole
from webapp.packaging.installer.version import call

PREFIX: Final = "/opt/hematovision"  # as the files name it
UNITS: Final = Path("/etc/systemd/system")
SERVER: Final = "hematovision.service"
KIOSK: Final = "hematovision-kiosk.service"
PLACES: Final = {
    SERVER: UNITS,
    KIOSK: UNITS,
    "hematovision.conf": Path("/etc/sysusers.d"),
    "journald@hematovision.conf": Path("/etc/systemd"),
}


def rendered(folder: Path, prefix: Path) -> dict[str, str]:
    """Give the text of each file for a prefix.

    Args:
        folder: `systemd` of a version.
        prefix: where the versions are.
    """
    return {
        name: (folder / name).read_text(encoding="utf-8").replace(PREFIX, str(prefix))
        for name in PLACES
    }


def start_services(place: Place, *, kiosk: bool) -> None:
    """Let the system start the app, and perhaps a browser, now and at each start.

    Raises:
        InstallError: the system refuses.
    """
    version = place.versions / str(place.current)
    for name, text in rendered(version / "systemd", place.prefix).items():
        if name != KIOSK or kiosk:
            PLACES[name].mkdir(parents=True, exist_ok=True)
            _put(PLACES[name] / name, text)
    names = [SERVER, KIOSK] if kiosk else [SERVER]
    doing = "it is installed, but the system does not start it ('systemctl status hematovision')"
    call("systemd-sysusers", "hematovision.conf", doing=doing)
    call("systemctl", "daemon-reload", doing=doing)
    call("systemctl", "enable", *names, doing=doing)
    call("systemctl", "restart", *names, doing=doing)


@contextmanager
def stopped(place: Place) -> Iterator[None]:
    """Undo `start_services`, where it was done for this place; do it anew where a block fails.

    Raises:
        InstallError: of the block.
    """
    if not serves(place.prefix):
        yield
        return
    kiosk = (UNITS / KIOSK).exists()
    _stop_services()
    try:
        yield
    except InstallError:
        start_services(place, kiosk=kiosk)
        raise


def _stop_services() -> None:
    there = [name for name in (KIOSK, SERVER) if (UNITS / name).exists()]
    with suppress(InstallError, OSError):
        call("systemctl", "disable", "--now", *there, doing="it does not stop")
    for name, folder in PLACES.items():
        (folder / name).unlink(missing_ok=True)
    with suppress(InstallError, OSError):
        call("systemctl", "daemon-reload", doing="the units are still known")


def serves(prefix: Path) -> bool:
    """Tell whether the server that the system starts is of a prefix."""
    try:
        return f" {prefix}/current" in (UNITS / SERVER).read_text(encoding="utf-8")
    except OSError:
        return False


def _put(file: Path, text: str) -> None:
    """Write a file unless it is there already; a unit that a power cut left empty is masked."""
    with suppress(FileNotFoundError):
        if file.read_text(encoding="utf-8") == text:
            return
    write_whole(file, text)
