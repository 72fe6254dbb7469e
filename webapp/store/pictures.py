"""Pictures of fields as files that are named by the SHA-256 of their content.

A file is on the disk, and its folder too, before the row that tells of it; a row is gone before
its file is. So a crash leaves at most a file too many, which `sweep` takes away.
"""

import errno
import hashlib
import os
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
from runtime.files import write_whole
from webapp.store.audit import note
from webapp.store.errors import StoreError
from webapp.store.queries import in_parts
from webapp.store.tables import FieldRow, PictureRow, now

GRACE_S: Final = 3600.0  # that a file without a row is left alone: its row may be on the way


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

    def keep(self, session: Session, content: bytes, media_type: str) -> KeptPicture:
        """Put a picture on the disk, then into a row; one that is there already is kept once.

        Raises:
            StoreError: `disk_full` or `unwritable`; nothing half-written is left.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        self._write(self._file(sha256), content)
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

    def sweep(self, session: Session) -> int:
        """Remove files of no row that are an hour old, as a crash leaves them.

        Returns:
            How many.
        """
        old = time.time() - GRACE_S
        strays = [file for file in self._files() if _changed_s(file) < old]
        kept: set[str] = set()
        for some in in_parts([file.name for file in strays]):
            rows = select(PictureRow.sha256).where(PictureRow.sha256.in_(some))
            kept.update(session.scalars(rows))
        return sum(self._unlink(file, old) for file in strays if file.name not in kept)

    def _file(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _files(self) -> Iterator[Path]:
        """Give whole files, and parts of those that were never whole."""
        yield from (file for file in self.folder.glob("??/*") if file.is_file())

    def _told(self, row: PictureRow) -> KeptPicture:
        return KeptPicture(row.sha256, self._file(row.sha256), row.media_type, row.size_bytes)

    def _write(self, file: Path, content: bytes) -> None:
        with self._moving:
            try:
                if file.is_file() and file.stat().st_size == len(content):
                    os.utime(file)  # young again: a sweep leaves it alone
                    return
                file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(file, content)
                for folder in (file.parent, self.folder, self.folder.parent):
                    _sync(folder)
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


def _sync(folder: Path) -> None:
    """Put a folder's list of files on the disk, where the system can."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
