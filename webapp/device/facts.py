"""What this device is and how it is; `runtime.answers.to_json` turns it into JSON."""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from runtime import BundleError, machine
from runtime.answers import Problem
from runtime.bundle import Variant
from webapp import __version__
from webapp.bench import Bench
from webapp.laboratory.push import PushState
from webapp.live.look import CameraState
from webapp.maintenance.copies import CopyState
from webapp.service import Chosen, Listed, Service
from webapp.store.errors import StoreError
from webapp.store.extent import Extent, extent_of
from webapp.store.options import Options, read_options
from webapp.store.tables import now
from webapp.texts import gettext as _

SCHEMA: Final = "hematovision.device/1"
PACKAGES: Final = (
    *("numpy", "pillow", "onnxruntime", "opencv-python-headless"),
    *("flask", "apiflask", "werkzeug", "waitress", "pydantic"),
    *("sqlalchemy", "psycopg", "alembic", "fpdf2", "fhir.resources"),
)


@dataclass(frozen=True)
class Program:
    """The program, and what it is made of; None for a package that is not installed."""

    version: str
    python: str
    packages: Mapping[str, str | None]


@dataclass(frozen=True)
class Machine:
    """The machine as it is now; what the system does not tell is None.

    Attributes:
        board: such as a Raspberry Pi's name.
        cpu: name of the processor.
        cores: that programs may use, each thread of one counted.
        memory_bytes: all of it.
        memory_free_bytes: what programs could still get.
        os: name and release of the system.
        arch: kind of processor, such as `aarch64`.
        governor: rule by which the clock is set.
        temperature_c: of the processor.
        throttled: what holds the clock down: words under `now` and `since_boot`.
    """

    board: str | None
    cpu: str | None
    cores: int | None
    memory_bytes: int | None
    memory_free_bytes: int | None
    os: str
    arch: str
    governor: str | None
    temperature_c: float | None
    throttled: Mapping[str, list[str] | None] | None


@dataclass(frozen=True)
class Disk:
    """The disk that the app's folder lies on.

    Attributes:
        folder: what the app keeps.
        total_bytes: size of the disk.
        free_bytes: what may still be written.
        least_free_bytes: below which a warning is told, as the options say.
        warning: what to do where less is free, else None.
    """

    folder: str
    total_bytes: int
    free_bytes: int
    least_free_bytes: int
    warning: str | None


@dataclass(frozen=True)
class Store:
    """The database and how much it holds.

    Attributes:
        system: such as `PostgreSQL 15.1`.
        place: its file, or its server and name.
        is_here: whether it is a file of this computer.
        bytes: what it takes there.
        holds: how much that is.
    """

    system: str
    place: str
    is_here: bool
    bytes: int
    holds: Extent


@dataclass(frozen=True)
class KnownBundle:
    """A bundle of this device.

    Attributes:
        folder: its name; numbered where another bundle's is called the same, see `service.Listed`.
        place: where it lies.
        name: of the bundle.
        version: of the bundle.
        task: `classify` or `detect`.
        default: whether its manifest says that it answers when none is named.
        default_variant: which of its variants answers.
        variants: its networks, with their hashes and sizes in bytes.
        answering: whether it is the one that answers.
        chosen: why it is: `flag`, `environment`, `default`, or `given` by a program; else None.
    """

    folder: str
    place: str
    name: str
    version: str
    task: str
    default: bool
    default_variant: str
    variants: Sequence[Variant]
    answering: bool
    chosen: Chosen | None


@dataclass(frozen=True)
class BrokenBundle:
    """A folder whose bundle cannot be used, where it lies, and why."""

    folder: str
    place: str
    error: Problem


@dataclass(frozen=True)
class DeviceDocument:
    """All of it, as of one moment.

    `store_error` says why there is no store, and no copies; `push` is None also of a device that
    sends nothing.
    """

    time: datetime
    uptime_s: float
    program: Program
    machine: Machine
    disk: Disk
    store: Store | None
    copies: CopyState | None
    push: PushState | None
    camera: CameraState
    bundles: Sequence[KnownBundle | BrokenBundle]
    store_error: Problem | None = None
    schema: str = SCHEMA


def facts(
    service: Service, bench: Bench, camera: CameraState, bundles: Sequence[Listed]
) -> DeviceDocument:
    """Gather what there is to tell; a database that cannot be read is told as its problem."""
    store: Store | None = None
    copies: CopyState | None = None
    push: PushState | None = None
    problem: Problem | None = None
    try:
        with bench.reading() as session:
            holds = extent_of(session)
        database = bench.database
        store = Store(
            database.system(), database.name, database.is_here, database.size_bytes(), holds
        )
        copies = bench.copies.state() if bench.copies else None
        push = bench.push.state() if bench.push else None
    except StoreError as error:
        problem = Problem(error.code, str(error))
    return DeviceDocument(
        time=now(),
        uptime_s=service.uptime_s,
        program=_program(),
        machine=_machine(),
        disk=disk_now(service, bench),
        store=store,
        copies=copies,
        push=push,
        camera=camera,
        bundles=[bundle_of(each) for each in bundles],
        store_error=problem,
    )


def disk_now(service: Service, bench: Bench) -> Disk:
    """Say how full the disk of what is kept is, and whether that is to be warned of."""
    least_free_mb = Options.least_free_mb
    with suppress(StoreError), bench.reading() as session:
        least_free_mb = read_options(session).least_free_mb
    return disk_of(service.settings.data, least_free_mb * 10**6)


def disk_of(folder: Path, least_free_bytes: int) -> Disk:
    """Say how full the disk of a folder is; of one not made yet, that of the folder above."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    usage = shutil.disk_usage(there)
    warning = None
    if usage.free < least_free_bytes:
        warning = _(
            "{free} GB of the disk are free, less than {least} GB: free some space, or set a time "
            "after which pictures are removed"
        ).format(free=f"{usage.free / 1e9:.1f}", least=f"{least_free_bytes / 1e9:g}")
    return Disk(str(folder), usage.total, usage.free, least_free_bytes, warning)


def bundle_of(listed: Listed) -> KnownBundle | BrokenBundle:
    """Tell what there is to tell of a bundle."""
    bundle = listed.bundle
    if isinstance(bundle, BundleError):
        return BrokenBundle(listed.id, str(listed.folder), Problem(bundle.code, str(bundle)))
    return KnownBundle(
        folder=listed.id,
        place=str(listed.folder),
        name=bundle.name,
        version=bundle.version,
        task=bundle.task,
        default=bundle.is_default,
        default_variant=bundle.default_variant,
        variants=list(bundle.variants.values()),
        answering=listed.is_answering,
        chosen=listed.chosen,
    )


def _program() -> Program:
    return Program(
        __version__, platform.python_version(), {each: _version(each) for each in PACKAGES}
    )


@cache  # for as long as the program runs it is made of the same; looking takes a quarter second
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _machine() -> Machine:
    total, available = machine.memory_bytes()
    return Machine(
        board=machine.board(),
        cpu=machine.cpu(),
        cores=os.cpu_count(),
        memory_bytes=total,
        memory_free_bytes=available,
        os=f"{platform.system()} {platform.release()}",
        arch=platform.machine(),
        governor=machine.governor(),
        temperature_c=machine.temperature_c(),
        throttled=machine.throttled(),
    )
