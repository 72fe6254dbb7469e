"""Pictures of a camera as files: for a page, and to keep."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image

from runtime.frames import Frame
from runtime.images import Picture, encode
from runtime.white_reference import WhiteReference

JPEG_QUALITY: Final = 92
_JPEG: Final = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Shot:
    """A picture for a page: what names it and no other, and its JPEG file."""

    tag: str
    jpeg: bytes


@dataclass(frozen=True)
class Capture:
    """A picture to keep, not decoded yet.

    Attributes:
        frame: the picture as it came.
        reference: the white reference that it is corrected by, if any.
    """

    frame: Frame
    reference: WhiteReference | None

    @property
    def white_reference(self) -> str | None:
        """The SHA-256 of the white reference that it is corrected by, if any."""
        return self.reference.sha256 if self.reference else None

    def file(self) -> tuple[str, bytes]:
        """Make its file without further loss: the bytes as they came, else a PNG.

        Returns:
            Its name, and the file's bytes.

        Raises:
            ImageError: it cannot be read, or has another size than the white reference.
        """
        if self.reference is None and isinstance(self.frame.source, bytes):
            return self.frame.name, self.frame.source
        return self.frame.name, encode(even(self.frame.picture(), self.reference))


def jpeg_of(frame: Frame, reference: WhiteReference | None) -> bytes:
    """Make a JPEG file for a page; one that came as such, and is not corrected, stays as it is.

    Raises:
        ImageError: it cannot be read, or has another size than the white reference.
    """
    source = frame.source
    if reference is None and isinstance(source, bytes) and source.startswith(_JPEG):
        return source
    file = io.BytesIO()
    picture = Image.fromarray(even(frame.picture(), reference))
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def even(picture: Picture, reference: WhiteReference | None) -> Picture:
    """Give a picture, (height, width, 3) uint8 RGB, in even light where there is a reference.

    Raises:
        ImageError: `unsupported`, it has another size than the white reference.
    """
    return reference.correct(picture) if reference else picture
