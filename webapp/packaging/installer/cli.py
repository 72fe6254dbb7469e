"""The command line of `install.sh` and `install.ps1`."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from webapp.packaging.installer.manifest import (
    InstallError,
    check,
    check_machine,
    fits,
    read_manifest,
)
from webapp.packaging.installer.place import WINDOWS, Place
from webapp.packaging.installer.services import start_services, stopped
from webapp.packaging.installer.version import call, install, install_beside, python_of

WHERE_DATA_LIES = "from webapp.data import default_data; print(default_data())"


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    prefix, commands = _usual_places()
    parser = argparse.ArgumentParser(
        prog="install",
        description="Install HematoVision without a network, or remove it. Data is left alone.",
    )
    parser.add_argument(
        "--prefix", type=Path, default=prefix, metavar="DIR", help="where to (%(default)s)"
    )
    parser.add_argument(
        "--commands",
        type=Path,
        default=commands,
        metavar="DIR",
        help="where the command hematovision is put (%(default)s)",
    )
    parser.add_argument(
        "--service", action="store_true", help="start it with the computer (systemd, as root)"
    )
    parser.add_argument(
        "--kiosk",
        action="store_true",
        help="that, and its page on the whole screen (needs cage and chromium)",
    )
    parser.add_argument("--check", action="store_true", help="only compare files with the manifest")
    parser.add_argument("--uninstall", action="store_true", help="remove the program, not the data")
    # For `hematovision update`, which holds the place: the last line names the version.
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fits", action="store_true", help=argparse.SUPPRESS)  # for install.sh
    given = parser.parse_args(arguments)
    given.prefix, given.commands = given.prefix.absolute(), given.commands.absolute()
    given.service = given.service or given.kiosk
    return given


def run(given: argparse.Namespace, archive: Path) -> int:
    """Do what the command line asks for, and return the exit status.

    Raises:
        InstallError: it cannot be done; nothing was changed.
    """
    place = Place(given.prefix, given.commands)
    if given.uninstall:
        return _uninstall(place)
    manifest = read_manifest(archive)
    if given.fits:
        return int(not fits(manifest))
    print(f"comparing {len(manifest['files'])} files with the manifest", flush=True)
    check(archive, manifest)
    if given.check:
        print(f"HematoVision {manifest['version']} for {manifest['platform']}: all files are right")
        return 0
    check_machine(manifest)
    if given.beside:
        print(install_beside(archive, place, lambda line: print(line, flush=True)))
        return 0
    if given.service:
        _check_service()
    place.check_command()
    with place.alone():
        name = install(archive, place, lambda line: print(line, flush=True))
        print(f"HematoVision {name} is installed in {place.prefix}")
        if given.service:
            start_services(place, kiosk=given.kiosk)
        old = [each for each in place.used() if each != name]
    if given.service:
        print("It runs, and will start with the computer: open http://127.0.0.1:5000")
        print(
            "Its data lies in /var/lib/hematovision, its log: journalctl --namespace hematovision"
        )
    else:
        _tell_how_to_start(place, name)
    for each in old:
        print(f"{each} still runs, and its files stay: end it and start it anew to change over")
    return 0


def main(archive: Path, arguments: Sequence[str] | None = None) -> int:
    """Run the command; a deliberate error is one line and exit status 2."""
    os.umask(0o022)  # who runs the app is not always who installs it
    given = parse_args(arguments)
    try:
        return run(given, archive)
    except InstallError as error:
        print(f"hematovision: {error}", file=sys.stderr)
    except OSError as error:
        what = error.filename2 or error.filename or given.prefix
        print(f"hematovision: {what} cannot be written ({error.strerror})", file=sys.stderr)
    except KeyboardInterrupt:
        print("hematovision: broken off, nothing was changed", file=sys.stderr)
        return 130
    return 2


def _tell_how_to_start(place: Place, name: str) -> None:
    python = python_of(place.versions / name)
    data = call(python, "-I", "-c", WHERE_DATA_LIES, doing="the app does not start").strip()
    found = shutil.which("hematovision")
    is_on_path = found is not None and Path(found).resolve() == place.command.resolve()
    print(f"Start it with: {'hematovision' if is_on_path else place.command}")
    print(f"The data of who starts it lies in {data}, or where --data says.")
    if not is_on_path and not WINDOWS:  # install.ps1 sees to it there
        print(f"To start it by its name alone, add {place.command.parent} to PATH.")


def _uninstall(place: Place) -> int:
    if not place.versions.is_dir():
        raise InstallError(f"nothing is installed in {place.prefix}: name its place with --prefix")
    place.check_command()
    with place.alone(), stopped(place):
        place.remove()
    print(f"HematoVision is removed from {place.prefix}; its data was left where it is.")
    return 0


def _check_service() -> None:
    if WINDOWS or not Path("/run/systemd/system").is_dir():
        raise InstallError("--service needs a system that systemd has started: leave it out")
    if os.geteuid() != 0:
        raise InstallError("--service needs administrator rights: run it with sudo")
    python = Path(sys.base_prefix).resolve()
    if python.parts[1:2] in (("home",), ("root",)):
        raise InstallError(
            f"--service needs a Python outside of home folders, which the service cannot see, and "
            f"not {python}: name the system's as PYTHON=/usr/bin/python3"
        )


def _usual_places() -> tuple[Path, Path]:
    if WINDOWS:
        local = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        prefix = Path(local) / "Programs" / "HematoVision"
        return prefix, prefix / "bin"
    if os.geteuid() == 0:
        return Path("/opt/hematovision"), Path("/usr/local/bin")
    return Path.home() / ".local/lib/hematovision", Path.home() / ".local/bin"
