"""One archive: wheels, app, bundles, services and the installer, with a manifest of all files.

The same checkout gives the same bytes: names in order, one time and one owner for all files.
"""

import gzip
import io
import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from runtime.files import unwritable
from webapp import __version__
from webapp.packaging.installer import manifest
from webapp.packaging.pins import PackagingError, Pin, read_pins, wanted
from webapp.packaging.platforms import Platform
from webapp.packaging.signing import Signer, sign, write_trusted
from webapp.packaging.wheels import download

PROJECT: Final = Path(__file__).resolve().parent.parent.parent
PARTS: Final = ("LICENSE", "README.md", "models", "runtime", "webapp")
# Of a bundle: what it was trained and compared with, which no device reads.
NOT_SHIPPED: Final = frozenset({"__pycache__", "comparison", "run"})
INSTALLERS: Final = ("install.py", "install.sh", "install.ps1", "systemd")
_TIME_S: Final = 315532800  # the beginning of 1980, the first day that a zip file can tell


def make_archive(
    platform: Platform,
    pythons: Sequence[str],
    out: Path,
    *,
    camera: bool = False,
    signer: Signer | None = None,
) -> Path:
    """Make the archive that a device is installed from.

    Args:
        platform: the kind of device.
        pythons: versions of Python that it may have, such as `3.11`.
        out: folder that the archive is put into.
        camera: whether OpenCV is in it.
        signer: who signs it; without one a device takes it from a person alone, not as an update.

    Returns:
        The archive.

    Raises:
        PackagingError: the packages cannot be had, or a key is none.
        HematoVisionError: `unwritable`.
    """
    pins = _pins("camera", "web") if camera else _pins("web")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".part-") as temporary:
            folder = Path(temporary) / f"hematovision-{__version__}-{platform.name}"
            stage(folder)
            for python in pythons:
                chosen = wanted(pins, platform, python)
                download(chosen, platform, python, folder / "wheels")
                _write(folder / "requirements" / f"{python}.txt", chosen)
            download(_pins("installer"), platform, pythons[0], folder / "installer")
            if signer:
                write_trusted(folder, signer)
            write_manifest(folder, platform.name, pythons)
            if signer:
                sign(folder, signer.key)
            return packed(folder, out, is_zip=platform.is_windows)
    except OSError as error:
        raise unwritable(out, error) from error


def stage(folder: Path) -> None:
    """Put app, bundles and installer into a folder, as a device gets them."""
    for part in PARTS:
        copy(PROJECT / part, folder / "app" / part)
    for name in INSTALLERS:
        copy(Path(__file__).parent / name, folder / name)


def write_manifest(folder: Path, platform: str, pythons: Sequence[str]) -> None:
    """Write down each file of a folder with its hash, for the installer to check."""
    told = {"schema": manifest.SCHEMA, "version": __version__}
    write_listed(folder, {**told, "platform": platform, "pythons": list(pythons)})


def write_listed(folder: Path, told: Mapping[str, Any]) -> None:
    """Write a manifest: what is told, and each file with its hash."""
    files = {name: manifest.fingerprint(folder / name) for name in manifest.files_of(folder)}
    text = json.dumps({**told, "files": files}, indent=1, ensure_ascii=False)
    (folder / manifest.MANIFEST).write_text(f"{text}\n", encoding="utf-8", newline="\n")


def _pins(*names: str) -> tuple[Pin, ...]:
    """Read files of requirements, a package that stands in several of them once."""
    found: dict[str, Pin] = {}
    for name in names:
        file = PROJECT / "requirements" / f"{name}.txt"
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise PackagingError(
                "requirements", f"{file} is missing: run 'make requirements'"
            ) from error
        found.update((str(pin.requirement), pin) for pin in read_pins(text))
    return tuple(found.values())


def _write(file: Path, pins: Sequence[Pin]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{pin.line()}\n" for pin in pins), encoding="utf-8", newline="\n")


def copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder but for what no device reads."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=lambda _, names: NOT_SHIPPED.intersection(names))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def packed(folder: Path, out: Path, *, is_zip: bool = False) -> Path:
    """Pack a folder; the archive is in its place whole or not at all."""
    name = f"{folder.name}.zip" if is_zip else f"{folder.name}.tar.gz"
    part = folder.with_name(name)
    (_zip if is_zip else _tar)(folder, part)
    return part.replace(out / name)


def _tar(folder: Path, target: Path) -> None:
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in _contents(folder):
            entry = tarfile.TarInfo(f"{folder.name}/{name}")
            entry.size, entry.mtime = len(content), _TIME_S
            entry.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(entry, io.BytesIO(content))


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _contents(folder):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}")  # dated to the beginning of 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    # Those two first: who reads an archive knows at its beginning whether to go on.
    first = [each for each in (manifest.MANIFEST, manifest.SIGNATURE) if (folder / each).exists()]
    for name in [*first, *manifest.files_of(folder)]:
        yield name, (folder / name).read_bytes()
