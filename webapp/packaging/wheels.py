"""Wheels for a device, downloaded on another machine, each by its hash."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from webapp.packaging.pins import PackagingError, Pin
from webapp.packaging.platforms import Platform

# Taken without their compiled parts, which take 20 MB and save a report some milliseconds.
PLAIN: Final = frozenset({"fonttools"})


def download(pins: Sequence[Pin], platform: Platform, python: str, folder: Path) -> None:
    """Download the wheels of packages into a folder.

    Args:
        pins: what `wanted` has chosen.
        platform: the kind of device.
        python: its Python, such as `3.11`.
        folder: is made where it is missing; wheels that it holds already are not fetched again.

    Raises:
        PackagingError: a package has no such wheel, another hash, or cannot be reached.
    """
    plain = [pin for pin in pins if pin.name in PLAIN]
    compiled = [pin for pin in pins if pin.name not in PLAIN]
    tags = [flag for tag in platform.tags for flag in ("--platform", tag)]
    if compiled:
        _pip(compiled, [*tags, "--implementation", "cp"], python, folder)
    if plain:
        anywhere = ["--platform", "any", "--implementation", "py", "--abi", "none"]
        _pip(plain, anywhere, python, folder)


def _pip(pins: Sequence[Pin], flags: Sequence[str], python: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    asked = folder / "asked.txt"
    asked.write_text("".join(f"{pin.line()}\n" for pin in pins), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--find-links", str(folder), "--python-version", python, *flags, "-r", str(asked)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    finally:
        asked.unlink()
    if done.returncode:
        why = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise PackagingError(
            "wheels", f"wheels for Python {python} cannot be had: {' '.join(why) or done.stderr}"
        )
