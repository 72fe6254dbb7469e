"""The machine and the software that a measurement was made on, as far as the system tells."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from runtime.errors import HematoVisionError
from runtime.machine import cpu, field, governor, temperature_c, throttled

PACKAGES = ("numpy", "pillow", "onnxruntime")


class DependencyError(HematoVisionError, ImportError):
    """A package that only the benchmarks need is not installed."""


def machine(root: Path = Path("/")) -> Mapping[str, Any]:
    """Describe the machine as it is at this moment; what the system does not tell is None.

    Args:
        root: where `proc` and `sys` are found.

    Returns:
        `cpu`, `cores` (physical), `logical_cores`, `memory_mib`, `os`, `arch`, `governor`,
        `temperature_c` (of the processor), and `throttled`: lists of words under `now` and
        `since_boot`, empty where the system says that nothing holds the clock down.

    Raises:
        DependencyError: psutil is not installed.
    """
    psutil = psutil_module()
    return {
        "cpu": cpu(root),
        "cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "memory_mib": round(psutil.virtual_memory().total / 2**20),
        "os": f"{platform.system()} {platform.release()}",
        "arch": platform.machine(),
        "governor": governor(root),
        "temperature_c": temperature_c(root),
        "throttled": throttled(root),
    }


def hardest(states: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Unite states of one machine: the highest temperature, and all that held it down.

    Args:
        states: of `machine`, at least one, in the order they were seen.
    """
    heat = [s["temperature_c"] for s in states if s["temperature_c"] is not None]
    held = [s["throttled"] for s in states if s["throttled"] is not None]
    united = {
        when: sorted({word for s in held for word in s[when] or ()})
        if any(s[when] is not None for s in held)
        else None
        for when in ("now", "since_boot")
    }
    return {
        **states[-1],
        "temperature_c": max(heat, default=None),
        "throttled": united if held else None,
    }


def versions() -> Mapping[str, str | None]:
    """Name the versions of Python and of the packages that the time is spent in."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def commit(root: Path) -> str | None:
    """Name the commit of a checkout, with `-dirty` when a tracked file differs from it.

    The results are left out of that: a run writes them, which changes nothing that is measured.

    Returns:
        40 hexadecimal digits, perhaps followed by `-dirty`; None where there is no git, no commit,
        or where `root` is not the top of a checkout.
    """
    head = _git(root, "rev-parse", "--show-cdup", "HEAD")
    if head is None or not head.startswith("\n"):  # a first line names the way up to the top
        return None
    ours = (".", ":!benchmarks/results.jsonl", ":!benchmarks/comparison.json")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *ours)
    return head.strip() + ("-dirty" if changed != "" else "")


def peak_rss_mib(root: Path = Path("/")) -> float:
    """Return the most memory that this process has held since it started, in MiB.

    Where the system keeps no peak (macOS), it is what the process holds now.
    """
    # Not getrusage: on Linux its peak begins with that of the parent that started the process.
    peak = field(root / "proc/self/status", "VmHWM")
    if peak is not None:
        return int(peak.split()[0]) / 1024
    memory = psutil_module().Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss)) / 2**20


def psutil_module() -> ModuleType:
    """Import psutil, or say how to install it.

    Raises:
        DependencyError: it is not installed.
    """
    # Imported here: a measured process on Linux does without it, a report everywhere.
    try:
        import psutil
    except ImportError as error:
        raise DependencyError(
            "dependency_missing",
            "the package psutil is not installed: install requirements/bench.txt",
        ) from error
    module: ModuleType = psutil
    return module


def _git(root: Path, *arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # others may be working in this checkout
    try:
        done = subprocess.run(  # noqa: S603 fixed arguments
            [git, "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=quiet,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
