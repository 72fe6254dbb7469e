"""A backup: one ZIP file with the database, its pictures, and a manifest of their hashes."""

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Final, cast

from pydantic import FailFast, TypeAdapter, ValidationError

from runtime import HematoVisionError
from webapp.store.database import FILE

SCHEMA: Final = "hematovision.backup/1"
MANIFEST: Final = "manifest.json"
PICTURES: Final = "pictures"
_AT_ONCE: Final = 1 << 20  # bytes in memory
_LARGEST_MANIFEST: Final = 200_000_000  # bytes; a picture takes 110
_SMALL_MANIFEST: Final = 1_000_000  # bytes
_MOST_PACKED: Final = 20  # times that a longer one is packed; hashes are by 4, zeros by 1000
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a limit
_BROKEN: Final = (
    zipfile.BadZipFile, EOFError, zlib.error, struct.error, ValueError, OverflowError, IndexError,
    NotImplementedError, RuntimeError,  # it is encrypted, or nested too deeply
)  # fmt: skip


class BackupError(HematoVisionError, OSError):
    """A backup cannot be made, read or brought back; nothing was replaced.

    Codes: `unwritable`, `disk_full`, `unreadable`, `backup_damaged`, `backup_newer`,
    `not_a_backup`, `no_data`, `database_damaged`, `same_disk`, `on_server`.
    """


def on_server(database: str, data: Path) -> BackupError:
    """Say how a database of a server is kept safe, which has tools of its own for that."""
    return BackupError(
        "on_server",
        f"{database} lies on a server and is in no backup of ours: save it with pg_dump, and then "
        f"copy {data / PICTURES}, in this order",
    )


class _Nowhere(io.RawIOBase):
    """Takes what only has to be read."""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return len(content)


NOWHERE: Final[IO[bytes]] = cast(IO[bytes], _Nowhere())  # where goes what only has to be read


@dataclass(frozen=True)
class Member:
    """A file of a backup, by its hash."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes:
        program: version of the program that has made it.
        device: name of the computer.
        made_at: when, ISO 8601 in UTC.
        database: the database.
        pictures: the pictures, named by their hash.
        left_out: hashes of pictures that the database tells of and that were not there, or damaged.
        entries: of the trail.
        head: hash of the trail's newest entry.
        broken: the first broken link of the trail; None where it was whole.
        schema: form of the file.
    """

    program: str
    device: str
    made_at: str
    database: Member
    pictures: Annotated[
        list[Member], FailFast()
    ]  # of a hundred million wrong ones the first is told
    left_out: list[str]
    entries: int
    head: str
    broken: str | None
    schema: str = SCHEMA

    def document(self) -> bytes:
        """Give it as JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    @property
    def bytes(self) -> int:
        """What it holds, in bytes."""
        return self.database.bytes + sum(each.bytes for each in self.pictures)


def picture_name(sha256: str) -> str:
    """Name a picture in a backup, and below the app's folder."""
    return f"{PICTURES}/{sha256[:2]}/{sha256}"


def add(archive: zipfile.ZipFile, name: str, file: Path, compressed: bool = False) -> Member:
    """Add a file.

    Returns:
        The hash of what was added.

    Raises:
        BackupError: `unreadable`, the file cannot be opened, or not be read to its end.
        OSError: the archive cannot be written.
    """
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    info.external_attr = 0o600 << 16
    try:
        stream = file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from error

    def read(most: int) -> bytes:
        try:
            return stream.read(most)
        except OSError as error:  # not of writing, which ends the backup
            raise _unreadable(file, error) from error

    with stream, archive.open(info, "w", force_zip64=True) as member:
        return copied(read, member)


def copied(read: Callable[[int], bytes], target: IO[bytes]) -> Member:
    """Copy what `read` gives, and tell the hash of what was copied."""
    digest, size_bytes = hashlib.sha256(), 0
    while part := read(_AT_ONCE):
        digest.update(part)
        target.write(part)
        size_bytes += len(part)
    return Member(digest.hexdigest(), size_bytes)


@contextmanager
def opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup, and read its manifest.

    Raises:
        BackupError: `unreadable`, `not_a_backup`, `backup_newer` or `backup_damaged`.
    """
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
            manifest = _manifest(archive, file)
        except BackupError:
            raise
        except _BROKEN as error:
            raise _no_backup(file) from error
        except OSError as error:
            raise _unreadable(file, error) from error
        yield archive, manifest


def verify(archive: zipfile.ZipFile, manifest: Manifest, file: Path) -> None:
    """Read all of a backup, and compare it with its manifest.

    Raises:
        BackupError: `backup_damaged` or `unreadable`.
    """
    try:
        for name, member in members(manifest).items():
            take(archive, name, member, file, NOWHERE)
    except BackupError:
        raise
    except OSError as error:
        raise _unreadable(file, error) from error


def take(
    archive: zipfile.ZipFile, name: str, member: Member, file: Path, target: IO[bytes]
) -> None:
    """Copy a member out of a backup.

    Raises:
        BackupError: `backup_damaged`; it is not there, or not what the manifest says.
    """
    try:
        info = archive.getinfo(name)
        found = None
        if info.compress_type in _PACKED and info.file_size == member.bytes:
            with archive.open(info) as stream:
                found = copied(stream.read, target)
    except KeyError as error:
        raise _damaged(file, f"{name} is missing") from error
    except _BROKEN as error:
        raise _damaged(file, f"{name}: {error}") from error
    if found != member:
        raise _damaged(file, f"{name} is not what was put in")


def members(manifest: Manifest) -> Mapping[str, Member]:
    """Give what must be in a backup, by name."""
    return {FILE: manifest.database} | {picture_name(e.sha256): e for e in manifest.pictures}


def _manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        info = archive.getinfo(MANIFEST)
        most = min(_LARGEST_MANIFEST, _SMALL_MANIFEST + _MOST_PACKED * info.compress_size)
        if info.file_size > most or info.compress_type not in _PACKED:
            raise _damaged(file, "its manifest is too long, or packed strangely")
        told: Any = json.loads(archive.read(info))
        schema = str(told["schema"])
        known = schema == SCHEMA
        manifest = TypeAdapter(Manifest).validate_python(told) if known else None
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise _no_backup(file) from error
    if manifest is None:
        raise BackupError(
            "backup_newer",
            f"{file} was made by a newer HematoVision ({schema[:60]}): update the program",
        )
    if not all(re.fullmatch("[0-9a-f]{64}", each.sha256) for each in manifest.pictures):
        raise _damaged(file, "its manifest names pictures that cannot be")
    return manifest


def _no_backup(file: Path) -> BackupError:
    return BackupError(
        "not_a_backup", f"{file} is no backup of HematoVision, or not whole: choose another"
    )


def _unreadable(file: Path, error: OSError) -> BackupError:
    return BackupError(
        "unreadable", f"{file} cannot be read ({error.strerror}): look at its name and its disk"
    )


def _damaged(file: Path, how: str) -> BackupError:
    return BackupError(
        "backup_damaged", f"{file} is damaged ({how}): take another backup, or copy it anew"
    )
