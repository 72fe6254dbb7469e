"""A version in the making: the app, an environment of its own, and the proof that they work."""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Final

from webapp.packaging.installer.manifest import MANIFEST, InstallError, fingerprint, read_manifest
from webapp.packaging.installer.place import (
    PART,
    WINDOWS,
    Place,
    remove_version,
    write_whole,
)

ROOM_BYTES: Final = 600_000_000  # what the making of a version takes at most
BEFORE: Final = "before.txt"  # of a version: which one ran before it
# What wheels bring along for those who develop or convert networks; the app opens none of it.
UNOPENED: Final = (
    "**/*.pyi",
    "**/tests",
    "PIL/_avif.*",
    "alembic/testing",
    "cffi",  # but for its compiled part, which lies beside it
    "pycparser",
    "fhir/resources/STU3",
    "fhir/resources/[!_]*.py",  # a later release than the reports'
    "numpy/distutils",
    "numpy/f2py",
    "onnxruntime/backend",
    "onnxruntime/capi/libonnxruntime.so.*",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "pillow.libs/libavif-*",
    "sqlalchemy/testing",
)
# Compiled while a version is tried, as who runs it later may not write there.
COMPILED: Final = (
    "import webapp.cli, runtime.cli, webapp.update.cli, webapp.report.fhir, "
    "fhir.resources.R4B.bundle"
)


def install(archive: Path, place: Place, tell: Callable[[str], None], keep: int = 1) -> str:
    """Install a checked archive, and let it run from now on.

    Args:
        archive: the unpacked archive.
        place: where to, held by the caller.
        tell: is given a line about each step that takes long.
        keep: how many of the versions before stay, to go back to.

    Returns:
        The name of the version.

    Raises:
        InstallError: it cannot be made here, or does not work here.
    """
    name = install_beside(archive, place, tell)
    place.write_command()
    before = change(place, name)
    forget(place, name, before, keep)
    return name


def install_beside(archive: Path, place: Place, tell: Callable[[str], None]) -> str:
    """Install a checked archive beside the version that goes on to run; more as `install`."""
    manifest = read_manifest(archive)
    name = f"{manifest['version']}-{fingerprint(archive / MANIFEST)['sha256'][:8]}"
    for stale in place.versions.glob(f"{PART}*"):
        shutil.rmtree(stale, ignore_errors=True)
    if not (place.versions / name).is_dir():
        _check_room(place.versions)
        _make(archive, place.versions / name, tell)
    return name


def change(place: Place, name: str) -> str | None:
    """Let another version run from now on; it tells which one ran before, to go back to.

    Returns:
        That one.
    """
    before = place.current
    if before not in (None, name):
        # A new file: the one that is there may have a name in another version too.
        write_whole(place.versions / name / BEFORE, f"{before}\n")
    place.switch(name)
    return before


def python_of(version: Path) -> Path:
    """Give the Python of a version's environment."""
    return version / "environment" / ("Scripts/python.exe" if WINDOWS else "bin/python")


def call(*command: str | Path, doing: str) -> str:
    """Run a command and return what it prints.

    Raises:
        InstallError: it fails.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEMATOVISION_")}
    done = subprocess.run(  # noqa: S603 - our own Python, our own files
        [str(part) for part in command], capture_output=True, text=True, env=kept, check=False
    )
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise InstallError(f"{doing}: {said[-600:]}")
    return done.stdout


def _make(archive: Path, target: Path, tell: Callable[[str], None]) -> None:
    """Make a version beside its place, and move it there."""
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=PART))
    try:
        for name in ("app", "systemd"):
            shutil.copytree(archive / name, part / name, copy_function=shutil.copyfile)
        for file in archive.iterdir():
            if file.is_file():
                shutil.copyfile(file, part / file.name)
        tell("installing the packages")
        # Without pip: some systems have Python without what it would be copied from.
        venv.EnvBuilder(symlinks=not WINDOWS, with_pip=False).create(part / "environment")
        _install_packages(archive, part)
        _leave_out(part)
        tell("trying it: the models have to answer as where they were made")
        python = python_of(part)
        call(python, "-I", "-m", "webapp", "verify", doing="the models do not answer here")
        call(python, "-I", "-c", COMPILED, doing="the app does not start here")
        part.chmod(0o755)
        if hasattr(os, "sync"):
            os.sync()  # else the name could be on the disk before what it names
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _install_packages(archive: Path, part: Path) -> None:
    (pip,) = (archive / "installer").glob("pip-*.whl")
    python = ".".join(map(str, sys.version_info[:2]))
    call(
        *(python_of(part), pip / "pip", "install", "--isolated", "--quiet", "--no-input"),
        *("--disable-pip-version-check", "--no-cache-dir", "--no-index", "--no-deps"),
        *("--no-compile", "--no-warn-script-location", "--find-links", archive / "wheels"),
        *("--require-hashes", "-r", archive / "requirements" / f"{python}.txt"),
        doing="the packages cannot be installed",
    )
    packages = _packages(part)
    there = os.path.relpath(part / "app", packages)  # holds when both are moved
    (packages / "hematovision.pth").write_text(f"{there}\n", encoding="utf-8")


def _leave_out(part: Path) -> None:
    packages = _packages(part)
    for pattern in UNOPENED:
        for unopened in list(packages.glob(pattern)):
            if unopened.is_dir():
                shutil.rmtree(unopened)
            else:
                unopened.unlink(missing_ok=True)
    for program in python_of(part).parent.iterdir():
        # The others name the folder that the version is made in.
        if not program.name.startswith("python") and program.suffix != ".dll":
            program.unlink()


def _packages(part: Path) -> Path:
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return part / "environment" / (f"lib/{python}/site-packages", "Lib/site-packages")[WINDOWS]


def _check_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM_BYTES:
        raise InstallError(
            f"{free / 1e6:.0f} MB are free on the disk of {folder}, {ROOM_BYTES / 1e6:.0f} MB are "
            "needed: free some space, or choose another disk with --prefix"
        )


def forget(place: Place, name: str, before: str | None, keep: int) -> None:
    """Remove old versions, but for this one, the one before and `keep` in all besides this.

    Those that programs run of stay too, until another time.
    """
    spare = [each for each in place.versions.glob("[!.]*") if each.name not in (name, before)]
    spare.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    kept = keep - (before not in (None, name))
    for each in spare[max(kept, 0) :]:
        remove_version(each)
