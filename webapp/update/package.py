"""A package to update with: one archive, signed, whose files are those of its manifest.

Nothing of it is put on the disk before its signature is known to be right.
"""

import errno
import gzip
import hashlib
import json
import re
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from runtime.files import unwritable
from webapp.packaging.installer.manifest import MANIFEST, SIGNATURE
from webapp.packaging.installer.manifest import SCHEMA as PROGRAM
from webapp.update.errors import UpdateError
from webapp.update.signature import check_signature

MODEL: Final = "hematovision.model/1"  # schema of a package with one bundle
BUNDLE: Final = "bundle"  # its folder in there
_LARGEST: Final = {MANIFEST: 32_000_000, SIGNATURE: 1_000}  # bytes
_AT_ONCE: Final = 1 << 20  # bytes in memory
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"  # how archives begin
_BROKEN: Final = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, struct.error,
    ValueError, OverflowError, IndexError,
    NotImplementedError, RuntimeError,  # a ZIP file that is encrypted; one TAR header after another
)  # fmt: skip
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a limit
_NO_NAME: Final = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL)
_ABOUT_NEXT: Final = b"xgXLK"  # kinds of TAR entries that tell of the next one, read as a whole
_LARGEST_HEADER: Final = 100_000  # bytes


class _Entry(tarfile.TarInfo):
    """An entry of a TAR file, refused where it is to fill the memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read an entry's block.

        Raises:
            tarfile.ReadError: what it tells of the next one is too long.
        """
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in _ABOUT_NEXT and entry.size > _LARGEST_HEADER:
            raise tarfile.ReadError("a header is too long")
        return entry


@dataclass(frozen=True)
class Package:
    """A package whose signature is right.

    Attributes:
        file: where it lies.
        kind: `PROGRAM` or `MODEL`.
        version: of the program, or of the bundle.
        files: name to `sha256` and `bytes`, but for the two of `signed`.
        signed: the manifest and its signature, by name.
    """

    file: Path
    kind: str
    version: str
    files: Mapping[str, Mapping[str, Any]]
    signed: Mapping[str, bytes]

    @property
    def bytes(self) -> int:
        """What it takes unpacked."""
        return sum(each["bytes"] for each in self.files.values())

    @property
    def id(self) -> str:
        """The first 8 digits of its manifest's SHA-256."""
        return hashlib.sha256(self.signed[MANIFEST]).hexdigest()[:8]


def read_package(file: Path, keys: list[Ed25519PublicKey]) -> Package:
    """Read the manifest of a package whose signature is right.

    Raises:
        UpdateError: `no_package`, `damaged`, `unsigned` or `untrusted`.
    """
    signed = dict[str, bytes]()
    with _entries(file) as entries:
        for name, stream in entries:
            if name in _LARGEST and stream is not None:
                signed[name] = stream.read(_LARGEST[name] + 1)
                if len(signed[name]) > _LARGEST[name]:
                    raise _no_package(file)
            elif stream is not None:
                break  # those two come first: what else it holds is not gone through for them
            if len(signed) == len(_LARGEST):
                break
    if MANIFEST not in signed:
        raise _no_package(file)
    if SIGNATURE not in signed:
        raise UpdateError("unsigned", f"{file} is not signed: take one that is")
    if not check_signature(signed[MANIFEST], signed[SIGNATURE], keys):
        raise UpdateError(
            "untrusted",
            f"{file} is not signed with a key that this device trusts: take it from where the "
            "program came from",
        )
    try:
        told = json.loads(signed[MANIFEST])
        if told["schema"] not in (PROGRAM, MODEL):
            raise UpdateError(
                "no_package", f"{file} is for a newer HematoVision: install that one by hand"
            )
        package = Package(file, told["schema"], str(told["version"]), dict(told["files"]), signed)
        sizes = [each["bytes"] for each in package.files.values()]
        if (
            not all(map(_is_plain, package.files))
            or not all(type(each) is int and 0 <= each < 1 << 63 for each in sizes)
            or not re.fullmatch(r"[\w.+-]{1,40}", package.version, re.ASCII)
        ):
            raise _no_package(file)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_package(file) from error
    return package


def unpack(package: Package, folder: Path) -> None:
    """Put the files of a package into an empty folder, each compared with the manifest.

    Raises:
        UpdateError: `damaged`, `no_package` or `disk_full`.
        HematoVisionError: `unwritable`.
    """
    free, needed = shutil.disk_usage(folder).free, package.bytes
    if free < needed:
        raise UpdateError(
            "disk_full",
            f"{free / 1e6:.0f} MB are free on the disk of {folder.parent}, {needed / 1e6:.0f} MB "
            "are needed to unpack it: free some space",
        )
    missing = set(package.files)
    with _entries(package.file) as entries:
        for name, stream in entries:
            if name in package.signed:
                (folder / name).write_bytes(package.signed[name])
            elif name not in missing or stream is None:
                raise _damaged(package, f"{name} does not belong to it")
            else:
                missing.remove(name)
                if not _unpacked(package, name, stream, folder / name):
                    raise _damaged(package, f"{name} was changed")
    if missing:
        raise _damaged(package, f"{min(missing)} is missing")


def _unpacked(package: Package, name: str, source: IO[bytes], target: Path) -> bool:
    """Write a file; tell whether it is what the manifest says."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _copied(source, target, package.files[name])
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise unwritable(target, error) from error
        raise _damaged(package, f"nothing can be called {name}") from error


def _copied(source: IO[bytes], target: Path, told: Mapping[str, Any]) -> bool:
    """Copy a file; tell whether it is what the manifest says."""
    digest, left = hashlib.sha256(), int(told["bytes"])
    with target.open("wb") as stream:
        while part := source.read(_AT_ONCE):
            left -= len(part)
            if left < 0:
                return False
            digest.update(part)
            stream.write(part)
    return left == 0 and digest.hexdigest() == told["sha256"]


@contextmanager
def _entries(file: Path) -> Iterator[Iterator[tuple[str, IO[bytes] | None]]]:
    """Open a package, to go through its entries; one that is no plain file has no stream.

    Raises:
        UpdateError: `no_package`; or `damaged`, it ends too early.
    """
    try:
        with file.open("rb") as raw:
            is_zip = zipfile.is_zipfile(raw)
            raw.seek(0)
            if is_zip:
                with zipfile.ZipFile(raw) as packed:
                    yield _of_zip(packed)
            else:
                with _opened(raw) as packed_tar:
                    yield _of_tar(packed_tar)
    except _BROKEN as error:
        raise _broken(file) from error
    except OSError as error:
        if error.filename not in (None, str(file)):
            raise
        raise UpdateError(
            "no_package", f"{file} cannot be read ({error.strerror}): look at its name and its disk"
        ) from error


def _opened(raw: IO[bytes]) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=raw, mode="r|gz", tarinfo=_Entry)
    except TypeError as error:  # Python's words for a file that ends within its first bytes
        raise EOFError("it ends too early") from error


def _of_tar(packed: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for entry in packed:
        yield _below(entry.name), packed.extractfile(entry) if entry.isreg() else None


def _of_zip(packed: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for entry in packed.infolist():
        if entry.compress_type not in _PACKED:
            raise zipfile.BadZipFile("it is packed strangely")
        with packed.open(entry) as stream:
            yield _below(entry.filename), None if entry.is_dir() else stream


def _below(name: str) -> str:
    """Take away the folder that all of a package lies in."""
    return name.partition("/")[2]


def _is_plain(name: str) -> bool:
    """Tell whether a name stays within the folder that it is put into."""
    parts = PurePosixPath(name).parts
    is_below = bool(parts) and "/".join(parts) == name and not {"..", "/"} & set(parts)
    return is_below and not set(name) & set('\\:"')


def _no_package(file: Path) -> UpdateError:
    return UpdateError(
        "no_package",
        f"{file} is no update of HematoVision: name an archive such as "
        "hematovision-…-linux-aarch64.tar.gz, or of a model",
    )


def _broken(file: Path) -> UpdateError:
    """Say that a file cannot be read to its end: no archive, or one that is not whole."""
    with file.open("rb") as stream:
        begin = stream.read(len(_ZIP))
    if begin and not begin.startswith((_GZIP, _ZIP)):
        return _no_package(file)
    return UpdateError("damaged", f"{file} is not whole, or damaged: copy it again")


def _damaged(package: Package, how: str) -> UpdateError:
    return UpdateError("damaged", f"{package.file} is damaged ({how}): copy it again")
