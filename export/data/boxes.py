"""Boxes beside the pictures that they lie in: how large a picture is, and which boxes fit it."""

from pathlib import Path

from PIL import Image

from runtime.crops import CROP_SIDES
from runtime.detection import Box
from runtime.images import DECODE_ERRORS, FORMATS, MAX_PIXELS

# EXIF orientations from here on turn a picture on its side.
ORIENTATION, FIRST_ON_ITS_SIDE = 0x0112, 5
# Corners in shares of the picture, 0 to 1, make a box that is smaller than this.
LEAST_PX = 2
# Cells at the border are cut off there, and boxes are drawn a little over it.
LEAST_INSIDE = 0.5
# The square that is cut out around a box is a picture, and may not be larger than one.
MOST_PX = int(MAX_PIXELS**0.5 / CROP_SIDES)


def upright_size(picture: Path) -> tuple[int, int] | None:
    """Read how wide and high a picture is, in pixels, None where its beginning cannot be read."""
    try:
        with Image.open(picture, formats=FORMATS) as image:
            width, height = image.size
            turned = image.getexif().get(ORIENTATION, 1) >= FIRST_ON_ITS_SIDE
    except (*DECODE_ERRORS, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    return (height, width) if turned else (width, height)


def why_too_large(box: Box) -> str | None:
    """Say why no cell can be cut out around a box, None where one can."""
    x0, y0, x1, y1 = box
    if max(x1 - x0, y1 - y0) <= MOST_PX:
        return None
    return (
        f"its box is {x1 - x0:g} x {y1 - y0:g} pixels, the most is {MOST_PX} on a side: mark "
        "single cells, or make the picture smaller"
    )


def why_unusable(box: Box, size: tuple[int, int] | None) -> str | None:
    """Say why a box marks no cell of a picture, None where it may; an empty box is no matter here.

    Args:
        box: x0, y0, x1, y1 in pixels.
        size: width and height of the picture; None where it cannot be read.
    """
    x0, y0, x1, y1 = box
    wide, high = x1 - x0, y1 - y0
    if min(wide, high) <= 0:
        return None
    if size is None:
        return why_too_large(box)
    if max(wide, high) < LEAST_PX:
        return (
            f"its box is {wide:g} x {high:g} pixels, the least is {LEAST_PX} on a side: give "
            "corners in pixels, not in shares of the picture"
        )
    width, height = size
    inside = max(0, min(x1, width) - max(x0, 0)) * max(0, min(y1, height) - max(y0, 0))
    if inside < LEAST_INSIDE * wide * high:
        return (
            f"most of its box, {x0:g} {y0:g} to {x1:g} {y1:g}, is outside of the picture's "
            f"{width} x {height} pixels: correct the corners"
        )
    return why_too_large(box)
