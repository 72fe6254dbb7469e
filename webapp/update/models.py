"""Versions with other bundles among them: the same files by second names, a moment's work."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runtime import BundleError
from runtime.bundle import Bundle, read_bundle
from webapp.packaging.installer.place import Place, sync_folder
from webapp.packaging.installer.version import python_of
from webapp.update.processes import called

PART: Final = ".update-"  # how the names of an update's own unfinished folders begin
_MODELS: Final = Path("app", "models")
_BASE: Final = re.compile(r"(.+-[0-9a-f]{8})(?:\+[0-9a-f]{8})?")


def program_of(name: str) -> str:
    """Give the name of a version as it was installed, without other bundles."""
    found = _BASE.fullmatch(name)
    return found[1] if found else name


def number(version: str) -> tuple[int, ...]:
    """Give what versions are compared by, such as `1.10.0`."""
    return tuple(int(digits) for digits in re.findall(r"\d+", version))


def bundles_of(version: Path) -> dict[str, Bundle]:
    """Read the bundles of a version, by folder; broken ones are left out."""
    found = dict[str, Bundle]()
    for manifest in sorted((version / _MODELS).glob("[!.]*/manifest.json")):
        try:
            found[manifest.parent.name] = read_bundle(manifest.parent)
        except BundleError:
            continue
    return found


def carried(place: Place, before: str, name: str) -> dict[str, Path]:
    """Say which bundles of the version before belong into a new one, which lacks or has older.

    Args:
        place: of the versions.
        before: the version that runs.
        name: the new one.

    Returns:
        Their folders by name; none where the old version has only what it came with.
    """
    if program_of(before) == before:
        return {}
    new = bundles_of(place.versions / name)
    return {
        folder: bundle.path
        for folder, bundle in bundles_of(place.versions / before).items()
        if folder not in new or number(bundle.version) > number(new[folder].version)
    }


def with_bundles(place: Place, name: str, bundles: Mapping[str, Path]) -> str:
    """Make a version like another one, with other bundles.

    Args:
        place: of the versions.
        name: the other one.
        bundles: folders that they lie in, by the names that they get.

    Returns:
        The name of the new version.

    Raises:
        UpdateError: `unhealthy`; a bundle does not answer here as where it was made.
    """
    with part_of(place) as part:
        whole = part / "version"
        shutil.copytree(place.versions / name, whole, symlinks=True, copy_function=_named_again)
        for folder, source in bundles.items():
            shutil.rmtree(whole / _MODELS / folder, ignore_errors=True)
            shutil.copytree(source, whole / _MODELS / folder, copy_function=shutil.copyfile)
        command: list[str | Path] = [python_of(whole), "-I", "-m", "webapp", "verify"]
        called(command, "the models do not answer here as where they were made")
        if hasattr(os, "sync"):
            os.sync()  # else the name could be on the disk before what it names
        made = f"{program_of(name)}+{_fingerprint(whole)}"
        if not (place.versions / made).is_dir():
            whole.rename(place.versions / made)
            sync_folder(place.versions)
    return made


def clear(place: Place) -> None:
    """Remove what updates have left that were broken off; no other may work meanwhile."""
    for stale in place.versions.glob(f"{PART}*"):
        shutil.rmtree(stale, ignore_errors=True)


@contextmanager
def part_of(place: Place) -> Iterator[Path]:
    """Give a folder among the versions that goes at the end."""
    part = Path(tempfile.mkdtemp(prefix=PART, dir=place.versions))
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fingerprint(version: Path) -> str:
    manifests = sorted((version / _MODELS).glob("*/manifest.json"))
    told = [(each.parent.name, each.read_text(encoding="utf-8")) for each in manifests]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]


def _named_again(file: str, other: str) -> None:
    """Give a file a second name; nothing of a version is ever written to."""
    try:
        os.link(file, other)
    except OSError:  # a disk without links
        shutil.copy2(file, other)
