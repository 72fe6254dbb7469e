"""Where a model comes from: package versions and the commit of the code."""

import contextlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("jax", "keras", "numpy", "onnx", "onnxruntime", "pillow", "tensorflow", "tf2onnx")


def provenance() -> dict[str, object]:
    """Tell the versions that shape a model, and the commit of the checkout if there is one."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):  # training needs not all of them
            versions[package] = version(package)
    return {"versions": versions, "commit": commit()}


def commit() -> str | None:
    """Return the checkout's commit, with `-dirty` when files differ from it, None without git."""
    folder = Path(__file__).resolve().parent.parent
    if not (folder / ".git").exists():  # a copy inside another project's checkout
        return None
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
