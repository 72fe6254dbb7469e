"""A device is updated, and rolled back."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from runtime import BundleError
from runtime.bundle import read_bundle
from webapp.maintenance.undo import ASIDE, ask_to_undo
from webapp.packaging.installer.manifest import SCHEMA as PROGRAM
from webapp.packaging.installer.version import BEFORE, change, forget, python_of
from webapp.store.before import kept_of, revision_of
from webapp.store.database import FILE
from webapp.update.device import Device
from webapp.update.errors import UpdateError
from webapp.update.models import (
    bundles_of,
    carried,
    clear,
    number,
    part_of,
    program_of,
    with_bundles,
)
from webapp.update.package import BUNDLE, Package, read_package, unpack
from webapp.update.processes import as_owner_of, called
from webapp.update.signature import TRUSTED, read_keys
from webapp.update.trial import NO_WORK, Health, ask, prove

KEPT: Final = 1  # versions besides the one that runs
NEWEST_TABLES: Final = (
    "from alembic.script import ScriptDirectory; from webapp.store.migrations import FOLDER; "
    "print(ScriptDirectory(str(FOLDER)).get_current_head())"
)
Tell = Callable[[str], None]


def update(device: Device, file: Path, tell: Tell) -> str:
    """Bring a package to a device: another version of the program, or a bundle.

    Args:
        device: whose server may go on working meanwhile.
        file: the package.
        tell: is given a line about each step that takes long.

    Returns:
        The name of the version that runs now, or from the next start of the server.

    Raises:
        UpdateError: why not; the version that ran before runs.
        InstallError: another update, or an installer, works there.
        HematoVisionError: `unwritable`.
    """
    with _held(device) as before:
        _check_started(device, before)
        clear(device.place)
        package = read_package(file, _trusted(device, before))
        make = _program if package.kind == PROGRAM else _model
        name = make(device, package, before, tell)
        if name == before:
            tell(f"{before} is installed already, nothing is changed: {_who_runs(device, before)}")
            return name
        tolerated = _check(device, before, name, tell)
        _change_over(device, before, name, tell, tolerated)
        forget(device.place, name, before, KEPT)
    return name


def roll_back(device: Device, tell: Tell, *, undo: bool = False) -> str:
    """Let the version run that ran before.

    Args:
        device: whose server may go on working meanwhile.
        tell: as in `update`.
        undo: go back to the database of before it was migrated too; the newer one is kept aside.

    Returns:
        The name of the version.

    Raises:
        UpdateError: why not; the version that ran before runs.
        InstallError: another update, or an installer, works there.
        HematoVisionError: `unwritable`.
    """
    with _held(device) as now:
        name = _before(device, now)
        if name is None:
            raise UpdateError("no_version", f"there is no version from before {now} to go back to")
        tolerated = None
        if undo:
            _ask_to_undo(device, name)
        else:
            try:
                tolerated = _check(device, now, name, tell)
            except UpdateError as error:
                raise UpdateError(
                    error.code,
                    f"{error}; --undo-data goes back to the data of before the update, and keeps "
                    "the newer aside",
                ) from error
        _change_over(device, now, name, tell, tolerated)
    return name


def _program(device: Device, package: Package, before: str, tell: Tell) -> str:
    """Make the version of a package beside the others."""
    if f"{package.version}-{package.id}" == program_of(before):
        return before
    old = device.version_of(before)
    _refuse_older(package, "HematoVision", old)
    with part_of(device.place) as part:
        archive = part / "archive"
        archive.mkdir()
        tell(f"comparing {len(package.files)} files with the manifest")
        unpack(package, archive)
        tell("installing it beside the version that runs")
        place: list[str | Path] = [
            "--beside",
            "--prefix",
            device.place.prefix,
            "--commands",
            device.place.command.parent,
        ]
        installer: list[str | Path] = [sys.executable, "-I", archive / "install.py"]
        name = called([*installer, *place], "it cannot be installed").split()[-1]
    kept = carried(device.place, before, name)
    return with_bundles(device.place, name, kept) if kept else name


def _model(device: Device, package: Package, before: str, tell: Tell) -> str:
    """Make a version with the bundle of a package."""
    with part_of(device.place) as part:
        tell(f"comparing {len(package.files)} files with the manifest")
        folder = part / "unpacked"
        folder.mkdir()
        unpack(package, folder)
        try:
            bundle = read_bundle(folder / BUNDLE)
        except BundleError as error:
            raise UpdateError("damaged", str(error)) from error
        old = bundles_of(device.place.versions / before).get(bundle.name)
        if old and old.manifest == bundle.manifest:
            return before
        if old:
            _refuse_older(package, bundle.name, old.version)
        tell(f"trying {bundle.name} {bundle.version}: it has to answer as where it was made")
        return with_bundles(device.place, before, {bundle.name: folder / BUNDLE})


def _ask_to_undo(device: Device, name: str) -> None:
    """Ask a version to go back to the data that it worked on last, if they were migrated since."""
    python = python_of(device.place.versions / name)
    doing = f"{name} does not tell which tables it knows"
    revision = called([python, "-I", "-c", NEWEST_TABLES], doing).split()[-1]
    with as_owner_of(device.data):
        if kept_of(device.data / FILE, revision) is None:
            raise UpdateError(
                "no_version",
                f"the database in {device.data} was not migrated since {name} ran: leave out "
                "--undo-data",
            )
        ask_to_undo(device.data, name)


def _check(device: Device, before: str, name: str, tell: Tell) -> Health | None:
    """Prove a version: with the data here it has to be as well as the one that ran before.

    Returns:
        What the one before says, where the other one is not well either.

    Raises:
        UpdateError: `unhealthy` or `disk_full`.
    """
    if (device.data / FILE).is_file():
        tell(f"proving {name} on a copy of the data in {device.data}")
    else:
        tell(f"there is no database in {device.data}: proving {name} on an empty one")
    health = _proved(device, name)
    if not health.troubles:
        return None
    worse = UpdateError("unhealthy", f"{NO_WORK}: {health.message}")
    tell(f"{name} is not well ({health.message}): looking whether {before} is")
    try:
        was = _proved(device, before)
    except UpdateError as error:
        raise worse from error
    if not health.is_as_well_as(was):
        raise worse
    return was


def _proved(device: Device, name: str) -> Health:
    python = python_of(device.place.versions / name)
    return prove(python, device.version_of(name), device.data)


def _change_over(
    device: Device, before: str, name: str, tell: Tell, tolerated: Health | None
) -> None:
    """Let a version run that was proved, and go back where its server does not answer.

    Args:
        device: as in `update`.
        before: the version that ran until now.
        name: the other one.
        tell: as in `update`.
        tolerated: what may be wrong with it, besides what is wrong with the server as it runs.

    Raises:
        UpdateError: `unhealthy`, and the version before runs; `not_undone`, and it may not.
    """
    was, tables, asides = ask(device.url), _tables(device), _asides(device)
    if _before(device, before) == name:
        device.place.switch(name)  # back, and not to and fro
    else:
        change(device.place, name)
    if not device.can_restart:
        if was:
            tell(f"the server at {device.url} runs on as it was: start it anew to change over")
        return
    tell("starting the server anew")
    why = device.start_anew(device.version_of(name), was, tolerated)
    if why is None:
        return
    if tables and _tables(device) not in (None, tables):  # it was migrated
        with as_owner_of(device.data):
            ask_to_undo(device.data, before)
    device.place.switch(before)
    again = device.start_anew(device.version_of(before), was, tolerated)
    new = ", ".join(map(str, sorted(_asides(device) - asides)))
    aside = f"; the data of until then lie in {new}" if new else ""
    if again:
        raise UpdateError(
            "not_undone",
            f"{name} does not work here ({why}), and {before}, which is in its place again, does "
            f"not answer either ({again}): look at its log{aside}",
        )
    raise UpdateError("unhealthy", f"{name} does not work here ({why}): {before} runs again{aside}")


def _tables(device: Device) -> str | None:
    """Tell which revision the tables of the database are of; None where it has none."""
    if not device.data.is_dir():
        return None
    with as_owner_of(device.data):
        return revision_of(device.data / FILE)


def _asides(device: Device) -> set[Path]:
    """List what lies aside since migrations were undone."""
    return set(device.data.glob(f"{ASIDE}*"))


def _trusted(device: Device, name: str) -> list[Ed25519PublicKey]:
    file = device.place.versions / name / TRUSTED
    try:
        return read_keys(file.read_bytes(), str(file))
    except OSError as error:
        raise UpdateError(
            "untrusted",
            f"{name} came without a key ({file} is missing), so no update of it can be trusted: "
            "install a signed version by hand",
        ) from error


def _refuse_older(package: Package, what: str, old: str) -> None:
    if number(package.version) < number(old):
        raise UpdateError(
            "older",
            f"{package.file} holds {what} {package.version}, older than {old}, which is here: "
            "'hematovision rollback' goes back to the version before",
        )


def _before(device: Device, now: str) -> str | None:
    """Name the version that ran before another one; None where there is none any more."""
    try:
        name = (device.place.versions / now / BEFORE).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return name if name and (device.place.versions / name).is_dir() else None


def _check_started(device: Device, name: str) -> None:
    """Refuse while a server is still of a version before: the next goes back to what has run."""
    health = None if device.can_restart else ask(device.url)
    if health and not _is_of(device, health, name):
        raise UpdateError(
            "not_allowed",
            f"the server at {device.url} is still of {health.installed or health.version}: start "
            "it anew, or name a command that does with --restart",
        )


def _is_of(device: Device, health: Health, name: str) -> bool:
    """Tell whether a server is of a version, as far as it tells that."""
    return (health.installed or health.version) in (name, device.version_of(name))


def _who_runs(device: Device, name: str) -> str:
    """Say whether a version runs that is in its place."""
    health = ask(device.url)
    if health is None:
        return f"no server answers at {device.url}"
    if _is_of(device, health, name):
        return f"it runs at {device.url}"
    return (
        f"the server at {device.url} is still of {health.installed or health.version}, start it "
        "anew to change over"
    )


@contextmanager
def _held(device: Device) -> Iterator[str]:
    """Let nobody else change the versions for the time of a block; give the one that runs.

    Raises:
        UpdateError: `not_installed` or `not_allowed`.
        InstallError: somebody else does.
    """
    if device.current and not os.access(device.place.versions, os.W_OK):
        raise UpdateError(
            "not_allowed",
            f"{device.place.prefix} belongs to somebody else: do it with administrator rights",
        )
    with device.place.alone():
        yield device.current
