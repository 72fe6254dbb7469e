"""Decode a picture from anywhere into upright RGB, whatever a microscope's software wrote.

Limits are checked before a pixel is decoded. JPEG, PNG, BMP, TIFF and WebP are read, in any color
mode, with 1 to 16 bits a channel; of a file with many pages the first one is taken.
"""

import io
import logging
import re
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageOps

from runtime.errors import ImageError
from runtime.pixels import bright, is_deep_gray, tiff_tag, upright_rgb

Picture = npt.NDArray[np.uint8]
Source = str | Path | bytes | BinaryIO | Picture

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
MAX_BYTES = 25_000_000
MAX_PIXELS = 60_000_000
MIN_SIDE_PX = 8
MAX_JPEG_SCANS = 100
# Pillow keeps the high byte of 16-bit color; bright glass of 14 bits or more reaches this level.
LEAST_DEEP_GLASS = 64
# TIFF 6.0 tags.
TILE_WIDTH, TILE_LENGTH = 322, 323

# First bytes that only a picture has; those of BMP and TIFF begin other files too.
_SIGNATURE = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP", re.DOTALL)

# What Pillow's decoders are seen to raise on damaged files.
DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
    ZeroDivisionError,
    EOFError,
    struct.error,
    zlib.error,
    ImageCms.PyCMSError,
)


def decode(source: Source, name: str = "picture") -> Picture:
    """Turn a file, its bytes, a stream or an array into an upright RGB picture.

    Args:
        source: path, encoded bytes, binary stream at its start, or a (height, width, 3) uint8 RGB
            array, which is checked and returned as it is.
        name: what messages call the picture when `source` has no path.

    Returns:
        (height, width, 3) uint8 RGB, turned upright by its EXIF orientation.

    Raises:
        ImageError: with code `not_found`, `unreadable`, `empty`, `too_large`, `not_an_image`,
            `too_many_pixels`, `truncated`, `unsupported` or, for a folder, `no_images`.
    """
    if isinstance(source, np.ndarray):
        return _checked(source, name)
    if isinstance(source, str | Path):
        name = str(source)
        encoded = read(Path(source), name)
    else:
        encoded = source if isinstance(source, bytes) else source.read(MAX_BYTES + 1)
    if not encoded:
        raise ImageError("empty", f"{name} is empty (0 bytes): copy or export the picture again")
    if len(encoded) > MAX_BYTES:
        raise _too_large(name, len(encoded))
    with _open(encoded, name) as image:
        width, height = _largest_part(image)
        if width * height > MAX_PIXELS:
            raise _too_many_pixels(name, f"{width} x {height}")
        if image.format == "JPEG" and encoded.count(b"\xff\xda") > MAX_JPEG_SCANS:
            raise ImageError(
                "unsupported",
                f"{name} is a JPEG of more than {MAX_JPEG_SCANS} scans, which would take very long "
                "to read: export it again",
            )
        deep = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
        del encoded  # so that it is gone while the pixels are copied
        try:
            image.load()
            if deep or is_deep_gray(image):  # in which samples are looked at, as they are upright
                ImageOps.exif_transpose(image, in_place=True)
            cut_short = deep and image.mode.startswith("RGB") and bright(image) < LEAST_DEEP_GLASS
            picture = upright_rgb(image, image.getexif().get(ExifTags.Base.Orientation))
        except DECODE_ERRORS as error:
            raise _damaged(name, f"damaged inside ({error})") from error
        if cut_short:
            raise ImageError(
                "unsupported",
                f"{name} keeps color in 16 bits a channel but uses fewer than 14 of them: "
                "save it with 8 bits a channel",
            )
    return _checked(picture, name)


def read(path: Path, name: str) -> bytes:
    """Read an encoded picture, within the limit.

    Args:
        path: where it is.
        name: what messages call it.

    Raises:
        ImageError: `not_found`, `no_images`, `unreadable` or `too_large`.
    """
    try:
        told = path.stat()
        # Before it is opened: a pipe would wait for whoever writes into it, perhaps for ever.
        if any(kind(told.st_mode) for kind in (stat.S_ISFIFO, stat.S_ISSOCK, stat.S_ISBLK)):
            raise ImageError(
                "unreadable",
                f"{name} is a pipe, a socket or a disk, not a picture's file: save the picture as "
                "a file, or send it to standard input and name it -",
            )
        with path.open("rb") as stream:
            encoded = stream.read(MAX_BYTES + 1)
            size = max(len(encoded), told.st_size)
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError(
            "not_found", f"{name} does not exist: check the name and the folder"
        ) from error
    except IsADirectoryError as error:
        raise ImageError(
            "no_images",
            f"{name} is a folder without pictures in it that can be found (JPEG, PNG, BMP, TIFF, "
            "WebP): check the folder and its permissions, or name one picture",
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            "unreadable", f"{name} cannot be read ({reason}): check its name and permissions"
        ) from error
    if size > MAX_BYTES:
        raise _too_large(name, size)
    return encoded


def quiet_pillow() -> None:
    """Keep Pillow from telling of odd metadata in pictures that it reads well, or then refuses."""
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").addHandler(logging.NullHandler())


def encode(picture: Picture) -> bytes:
    """Turn a (height, width, 3) uint8 RGB picture into the bytes of a PNG file."""
    png = io.BytesIO()
    # A higher level takes much longer and saves little.
    Image.fromarray(picture).save(png, "PNG", compress_level=1)
    return png.getvalue()


@contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Refuse a picture that this machine has no memory for; the others may still fit.

    Raises:
        ImageError: `too_many_pixels`.
    """
    try:
        yield
    except MemoryError as error:
        raise ImageError(
            "too_many_pixels",
            f"{name} needs more memory than this machine has free: cut out the part that matters",
        ) from error


def _open(encoded: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(encoded), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(name, f"more than {MAX_PIXELS // 10**6} million") from error
    except DECODE_ERRORS as error:
        if _SIGNATURE.match(encoded):
            raise _damaged(name, "damaged at its beginning") from error
        raise ImageError(
            "not_an_image",
            f"{name} is not a picture that can be read (JPEG, PNG, BMP, TIFF, WebP): "
            "save it as PNG or JPEG",
        ) from error


def _largest_part(image: Image.Image) -> tuple[int, int]:
    """Return the size of the picture, or of its tiles where a TIFF's are larger than it is."""
    width, height = image.size
    across, down = tiff_tag(image, TILE_WIDTH), tiff_tag(image, TILE_LENGTH)
    return max(width, across or 0), max(height, down or 0)


def _checked(picture: npt.NDArray[np.generic], name: str) -> Picture:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ImageError(
            "unsupported",
            f"{name} is an array of {picture.dtype} {picture.shape}: "
            "pass (height, width, 3) uint8 RGB",
        )
    height, width, _ = picture.shape
    if height * width > MAX_PIXELS:
        raise _too_many_pixels(name, f"{width} x {height}")
    if min(height, width) < MIN_SIDE_PX:
        raise ImageError(
            "unsupported",
            f"{name} is {width} x {height} pixels, the least is {MIN_SIDE_PX} on a side: "
            "send the picture at its original size",
        )
    return np.asarray(picture, dtype=np.uint8)


def _damaged(name: str, how: str) -> ImageError:
    return ImageError("truncated", f"{name} is cut off or {how}: copy or export the picture again")


def _too_large(name: str, size: int) -> ImageError:
    return ImageError(
        "too_large",
        f"{name} has {size / 1e6:.1f} MB, the limit is {MAX_BYTES // 10**6} MB: "
        "export it as JPEG or cut it into parts",
    )


def _too_many_pixels(name: str, size: str) -> ImageError:
    return ImageError(
        "too_many_pixels",
        f"{name} has {size} pixels, the limit is {MAX_PIXELS // 10**6} megapixels: "
        "cut out the part that matters",
    )
