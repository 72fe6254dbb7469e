"""An unpacked archive: that it is whole, unchanged and for this machine."""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = "hematovision.archive/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"  # of the manifest, which therefore does not list it


class InstallError(Exception):
    """Nothing was changed; the message says why, and what to do."""


def files_of(folder: Path) -> list[str]:
    """List the files of an unpacked archive, but for its manifest and signature, with `/`."""
    files = (file for file in folder.rglob("*") if file.is_file() or file.is_symlink())
    names = {file.relative_to(folder).as_posix() for file in files}
    return sorted(names - {MANIFEST, SIGNATURE})


def fingerprint(file: Path) -> dict[str, Any]:
    """Give the SHA-256 and the size of a file, as the manifest has them."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": file.stat().st_size}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of an unpacked archive.

    Raises:
        InstallError: it is missing, damaged, or of another kind of archive.
    """
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        schema = manifest["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstallError(f"{file} cannot be read: unpack the archive anew") from error
    if schema != SCHEMA:
        raise InstallError(f"{file} is {schema!r}, not {SCHEMA!r}: this is another archive")
    return dict(manifest)


def check(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare each file of an unpacked archive with its manifest.

    Raises:
        InstallError: a file is missing, changed, or not of the archive.
    """
    listed, there = manifest["files"], files_of(folder)
    told = [
        *(f"{name} is missing" for name in sorted(listed.keys() - set(there))),
        *(f"{name} does not belong to it" for name in there if name not in listed),
        *(
            f"{n} was changed"
            for n in there
            if n in listed and fingerprint(folder / n) != listed[n]
        ),
    ]
    if told:
        more = f", and {len(told) - 3} more" if len(told) > 3 else ""
        raise InstallError(
            f"the archive in {folder} is damaged ({', '.join(told[:3])}{more}): copy it again and "
            "unpack it into an empty folder"
        )


def fits(manifest: Mapping[str, Any]) -> bool:
    """Tell whether the archive holds wheels for the Python that runs this."""
    return ".".join(map(str, sys.version_info[:2])) in manifest["pythons"]


def check_machine(manifest: Mapping[str, Any]) -> None:
    """Refuse a machine, or a Python, that the archive was not made for.

    Raises:
        InstallError: as said.
    """
    processor = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    here = f"{platform.system().lower()}-{processor}"
    if here != manifest["platform"]:
        raise InstallError(f"the archive is for {manifest['platform']}, this is {here}")
    if not fits(manifest):
        raise InstallError(
            f"Python {' or '.join(manifest['pythons'])} is needed, this is "
            f"{platform.python_version()}: name another as PYTHON=/path/to/python3"
        )
    if sys.maxsize < 2**32:
        raise InstallError("a 64-bit Python is needed, this is a 32-bit one")
