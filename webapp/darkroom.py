"""Kept pictures as a browser shows them: whole, small, or the square around a cell.

One picture is decoded at a time, whatever its size, and the last few stay in memory: the cells of
a page come from few fields.
"""

import threading
from collections import OrderedDict
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from runtime.crops import crop
from runtime.detection import Box
from runtime.images import Picture, decode, encode, within_memory
from webapp.store.errors import StoreError
from webapp.store.pictures import KeptPicture

MOST_BYTES: Final = 64_000_000  # of decoded pictures in memory, beside the newest
SMALL_QUALITY: Final = 85
BROWSERS_SHOW: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/bmp"})


class Darkroom:
    """Develops kept pictures; one of a server, shared by its threads."""

    def __init__(self) -> None:
        """Begin with no picture in memory."""
        self._developing = threading.Lock()
        self._pictures = OrderedDict[str, Picture]()

    def whole(self, kept: KeptPicture) -> tuple[bytes, str]:
        """Give a picture as it came where browsers can show that, else as PNG.

        Returns:
            Its bytes and their media type.

        Raises:
            StoreError: `not_found`, it was removed meanwhile.
            ImageError: it is damaged.
        """
        if kept.media_type in BROWSERS_SHOW:
            return _content(kept), kept.media_type
        return encode(self._picture(kept)), "image/png"

    def small(self, kept: KeptPicture, side: int) -> bytes:
        """Give a picture small, for a gallery; a JPEG is decoded no larger than it must be.

        Args:
            kept: the picture of a field.
            side: the longer one of what is given, in pixels at most.

        Returns:
            A JPEG file.

        Raises:
            StoreError: `not_found`, it was removed meanwhile.
            ImageError: it is damaged.
        """
        content, made = _content(kept), BytesIO()
        with self._developing, within_memory("the picture"):
            if kept.media_type == "image/jpeg":
                image = _coarse(content, side)
            else:
                image = Image.fromarray(decode(content, "the picture"))
            image.thumbnail((side, side))
            image.save(made, "JPEG", quality=SMALL_QUALITY)
        return made.getvalue()

    def cell(self, kept: KeptPicture, box: Box, side: int | None) -> bytes:
        """Cut the square around a cell, as networks see it.

        Args:
            kept: the picture of its field.
            box: x0, y0, x1, y1 in pixels of it.
            side: of the square that is given, in pixels; None takes that of the picture.

        Returns:
            A PNG file.

        Raises:
            StoreError: `not_found`, the picture was removed meanwhile.
            ImageError: it is damaged.
        """
        square = crop(self._picture(kept), box)
        if side is not None and side != len(square):
            square = np.asarray(
                Image.fromarray(square).resize((side, side), Image.Resampling.LANCZOS)
            )
        return encode(square)

    def _picture(self, kept: KeptPicture) -> Picture:
        with self._developing, within_memory("the picture"):
            picture = self._pictures.pop(kept.sha256, None)
            if picture is None:
                picture = decode(_content(kept), "the picture")
            self._pictures[kept.sha256] = picture
            while len(self._pictures) > 1 and self._size() > MOST_BYTES:
                self._pictures.popitem(last=False)
            return picture

    def _size(self) -> int:
        return sum(picture.nbytes for picture in self._pictures.values())


def _coarse(content: bytes, side: int) -> Image.Image:
    """Decode a JPEG that was decoded whole before at an eighth of its size or so.

    Raises:
        ImageError: it was damaged since.
    """
    try:
        with Image.open(BytesIO(content), formats=["JPEG"]) as image:
            image.draft("RGB", (side, side))
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError):  # as PIL has it; decoding it whole says what it is
        return Image.fromarray(decode(content, "the picture"))


def _content(kept: KeptPicture) -> bytes:
    try:
        return kept.file.read_bytes()
    except OSError as error:
        raise StoreError(
            "not_found",
            f"The picture {kept.sha256[:12]} cannot be read ({error.strerror}): "
            "load the page again, and check the disk",
        ) from error
