"""Pictures of fields as files that are named by the SHA-256 of their content.

A file is on the disk, and its folder too, before the row that tells of it; a row is gone before
its file is. So a crash leaves at most a file too many, which `sweep` takes away.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session


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

    def keep(self, session: Session, content: bytes, media_type: str) -> KeptPicture:
        """Put a picture on the disk, then into a row; one that is there already is kept once.

        Raises:
            StoreError: `disk_full` or `unwritable`; nothing half-written is left.
        """
        raise NotImplementedError

    def find(self, session: Session, sha256: str) -> KeptPicture:
        """Find a picture.

        Raises:
            StoreError: `not_found`; it was never kept, or its time is over.
        """
        raise NotImplementedError

    def release(self, session: Session, hashes: set[str]) -> int:
        """Remove those of these pictures that no field shows any more; files after the commit."""
        raise NotImplementedError

    def expire(self, session: Session, by: str, before: datetime) -> int:
        """Remove the pictures that were last given before a time; what was found in them stays."""
        raise NotImplementedError

    def sweep(self, session: Session) -> int:
        """Remove files of no row that are an hour old, as a crash leaves them."""
        raise NotImplementedError
