"""Pictures of fields as files that are named by the SHA-256 of their content.

A file is on the disk, and its folder too, before the row that tells of it; a row is gone before
its file is. So a crash leaves at most a file too many, which `sweep` takes away. Disks are slow, so
`put` writes the file before the transaction begins in which `keep` adds the row.
"""

import errno
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from runtime.errors import HematoVisionError
from runtime.files import make_folder, sync_folder, write_whole
from webapp.store.audit import note
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.queries import in_parts
from webapp.store.tables import FieldRow, PictureRow, now

GRACE_S: Final = 3600.0  # that a file without a row is left alone: its row may be on the way
# Left free by pictures, so that reviews, signatures and the log still find room on a full disk: so
# much, or a twentieth of a small disk.
RESERVED_BYTES: Final = 500_000_000


@dataclass(frozen=True)
class KeptPicture:
    """A picture on the disk.

    Attributes:
        sha256: of its content.
        file: where it is.
        media_type: such as `image/jpeg`.
        size_bytes: its size in bytes.
    """

    sha256: str
    file: Path
    media_type: str
    size_bytes: int


class Pictures:
    """The folder of pictures; one of a server, shared by its threads."""

    def __init__(self, folder: Path) -> None:
        """Keep pictures below `folder`, which is made with the first."""
        self.folder = folder
        self._moving = threading.Lock()  # no file is removed while it is found to be there already

    def put(self, content: bytes) -> None:
        """Put a picture on the disk, where it stays for an hour without a row.

        Raises:
            StoreError: `disk_full` or `unwritable`; nothing half-written is left.
        """
        with self._moving:
            self._put(self._file(hashlib.sha256(content).hexdigest()), content)

    def keep(self, session: Session, content: bytes, media_type: str) -> KeptPicture:
        """Add the row of a picture; one that `put` has not put on the disk is put there now.

        Raises:
            StoreError: `disk_full` or `unwritable`; nothing half-written is left.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        file = self._file(sha256)
        with self._moving:
            if not _renewed(file, len(content)):
                self._put(file, content)
        row = session.get(PictureRow, sha256)
        if row is None:
            row = PictureRow(sha256=sha256, media_type=media_type, size_bytes=len(content))
            session.add(row)
        row.kept_at = now()
        session.flush()
        return self._told(row)

    def find(self, session: Session, sha256: str) -> KeptPicture:
        """Find a picture.

        Raises:
            StoreError: `not_found`; it was never kept, or its time is over.
        """
        row = session.get(PictureRow, sha256)
        if row is None or not self._file(sha256).is_file():
            raise StoreError(
                "not_found", f"The picture {sha256[:12]} is not kept: see the options about it"
            )
        return self._told(row)

    def release(self, session: Session, hashes: set[str]) -> int:
        """Remove those of these pictures that no field shows any more; files after the commit.

        Returns:
            How many.
        """
        unused = set(hashes)
        for some in in_parts(sorted(hashes)):
            shown = select(FieldRow.picture_sha256).where(FieldRow.picture_sha256.in_(some))
            unused.difference_update(session.scalars(shown))
        return self._remove(session, unused)

    def expire(self, session: Session, by: str, before: datetime) -> int:
        """Remove the pictures that were last given before a time; what was found in them stays.

        Returns:
            How many.
        """
        old = set(session.scalars(select(PictureRow.sha256).where(PictureRow.kept_at < before)))
        removed = self._remove(session, old)
        if removed:
            note(
                session, by, "pictures.expire", {"before": before.isoformat(), "pictures": removed}
            )
        return removed

    def sweep(self, database: Database) -> int:
        """Remove files of no row that are an hour old, as a crash leaves them; no writer waits.

        Returns:
            How many.
        """
        old = time.time() - GRACE_S
        strays = [file for file in self._files() if _changed_s(file) < old]
        kept: set[str] = set()
        with database.read() as session:
            for some in in_parts([file.name for file in strays]):
                known = select(PictureRow.sha256).where(PictureRow.sha256.in_(some))
                kept.update(session.scalars(known))
        return sum(self._unlink(file, old) for file in strays if file.name not in kept)

    def _file(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _files(self) -> Iterator[Path]:
        """Give whole files, and parts of those that were never whole."""
        yield from (file for file in self.folder.glob("??/*") if file.is_file())

    def _told(self, row: PictureRow) -> KeptPicture:
        return KeptPicture(row.sha256, self._file(row.sha256), row.media_type, row.size_bytes)

    def _put(self, file: Path, content: bytes) -> None:
        """Write a file, or make sure that one there is on the disk; the caller holds the lock."""
        try:
            if _renewed(file, len(content)):
                _sync_file(file)  # who wrote it may have died before this
            else:
                make_folder(file.parent)
                _leave_room(file.parent, len(content))
                write_whole(file, content)
            for folder in (file.parent, self.folder, self.folder.parent):
                sync_folder(folder)
        except StoreError:
            raise
        except (OSError, HematoVisionError) as error:
            raise _unkept(self.folder, error) from error

    def _remove(self, session: Session, hashes: set[str]) -> int:
        names = sorted(hashes)
        removed = 0
        for some in in_parts(names):
            rows = delete(PictureRow).where(PictureRow.sha256.in_(some))
            removed += len(session.scalars(rows.returning(PictureRow.sha256)).all())
        asked_s = time.time()

        def unlink(_: Session) -> None:
            for name in names:
                self._unlink(self._file(name), asked_s)

        event.listen(session, "after_commit", unlink, once=True)
        return removed

    def _unlink(self, file: Path, before_s: float) -> bool:
        """Remove a file unless it was given again since; a sweep takes what this leaves."""
        with self._moving, suppress(OSError):
            if file.stat().st_mtime < before_s:
                file.unlink()
                return True
        return False


def _changed_s(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return time.time()


def _renewed(file: Path, size_bytes: int) -> bool:
    """Make a file young again, so that it is left alone; tell whether it is there, and whole."""
    try:
        if file.stat().st_size != size_bytes:
            return False
        os.utime(file, ns=(time.time_ns(),) * 2)
    except OSError:
        return False
    return True


def _sync_file(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _leave_room(folder: Path, size_bytes: int) -> None:
    usage = shutil.disk_usage(folder)
    if usage.free - size_bytes < min(RESERVED_BYTES, usage.total // 20):
        raise StoreError(
            "disk_full",
            f"The disk of {folder.parent} is nearly full ({usage.free / 1e6:.0f} MB are free), the "
            "picture was not kept: free some space and try again, or set a time after which "
            "pictures are removed",
        )


def _unkept(folder: Path, error: OSError | HematoVisionError) -> StoreError:
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            "disk_full",
            f"The disk of {folder} is full, the picture was not kept: free some space and try "
            "again, or set a time after which pictures are removed",
        )
    why = getattr(cause, "strerror", None) or error
    return StoreError(
        "unwritable", f"{folder} cannot be written ({why}): check who may write there"
    )
