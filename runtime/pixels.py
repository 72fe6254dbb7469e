"""The pixels of an image that Pillow has loaded: any color mode to upright RGB.

Strip by strip, so that of 60 megapixels no second whole copy is made on the way.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import TiffImageFile

Array = npt.NDArray[np.uint8]

STRIP_PX: Final = 250_000  # that are converted at once
SAMPLED: Final = 4  # of so many rows and columns one is looked at for the brightest
PHOTOMETRIC: Final = 262  # TIFF 6.0 tag
WHITE_IS_ZERO: Final = 0


def upright_rgb(image: Image.Image, orientation: object = 1) -> Array:
    """Bring any color mode to RGB, transparent parts on white as if on glass.

    Args:
        image: with its pixels in memory.
        orientation: 1 to 8 as EXIF tells it; anything else counts as 1, which is upright.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    width, height = image.size
    is_turned = orientation in (5, 6, 7, 8)
    upright = np.empty((width, height, 3) if is_turned else (height, width, 3), np.uint8)
    stored = _as_stored(upright, orientation)
    full = _full_level(image) if is_deep_gray(image) else None
    for top, strip in _strips(image):
        rgb = _to_rgb(strip) if full is None else _to_8_bit(np.asarray(strip), full)[:, :, None]
        stored[top : top + strip.height] = rgb
    if image.mode.startswith("I;16") and tiff_tag(image, PHOTOMETRIC) == WHITE_IS_ZERO:
        np.subtract(255, upright, out=upright)
    return upright


def is_deep_gray(image: Image.Image) -> bool:
    """Tell whether an image has gray levels of more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def bright(image: Image.Image) -> float:
    """Return the level that 999 of 1,000 values are below; a hot pixel does not move it."""
    step = SAMPLED if min(image.size) > 64 else 1
    parts = [np.asarray(strip)[::step, ::step].copy() for _, strip in _strips(image)]
    sample = _levels(np.concatenate(parts))
    return float(np.percentile(sample[..., :3] if sample.ndim == 3 else sample, 99.9))


def tiff_tag(image: Image.Image, tag: int) -> int | None:
    """Return a number that a TIFF says of itself."""
    value = image.tag_v2.get(tag) if isinstance(image, TiffImageFile) else None
    return value if isinstance(value, int) else None


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Cut an image into strips of whole rows, each with the row that it begins at."""
    rows = max(1, STRIP_PX // image.width // SAMPLED) * SAMPLED
    if rows >= image.height:
        yield 0, image
        return
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(image.height, top + rows)))


def _as_stored(upright: Array, orientation: object) -> Array:
    """Look at an upright picture as its file holds it, by the orientation of EXIF 2.3."""
    match orientation:
        case 2:
            return upright[:, ::-1]
        case 3:
            return upright[::-1, ::-1]
        case 4:
            return upright[::-1]
        case 5:
            return upright.swapaxes(0, 1)
        case 6:
            return np.rot90(upright)
        case 7:
            return upright.swapaxes(0, 1)[::-1, ::-1]
        case 8:
            return np.rot90(upright, -1)
        case _:
            return upright


def _to_rgb(strip: Image.Image) -> Array:
    if strip.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(strip, lab, srgb, outputMode="RGB")
        strip = converted if converted is not None else strip
    if strip.has_transparency_data:
        layer = strip.convert("RGBA")
        strip = Image.new("RGB", layer.size, "white")
        strip.paste(layer, mask=layer)
    return np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))


def _full_level(image: Image.Image) -> float:
    """Tell which deep gray level is white; cameras keep 10, 12 or 14 bits in 16."""
    highest = bright(image)
    if image.mode == "F" and highest <= 1:
        return 1.0
    return next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if highest < 2**bits), highest)


def _to_8_bit(levels: npt.NDArray[np.generic], full: float) -> Array:
    """Scale deep gray levels linearly."""
    values = _levels(levels)
    values *= 255.0 / full
    np.minimum(values, 255, out=values)
    return np.rint(values, out=values).astype(np.uint8)


def _levels(levels: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Take levels as numbers, those that are none or below 0 as 0."""
    values = np.nan_to_num(levels.astype(np.float32), copy=False, posinf=0.0, neginf=0.0)
    return np.maximum(values, 0, out=values)
