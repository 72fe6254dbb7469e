"""Cells cut out of the picture of a field, for training and for answers alike."""

import numpy as np
import numpy.typing as npt

from runtime.detection import Box
from runtime.images import Picture

# Side of the square around a box, in longer sides of the box: a cell with some of its surroundings.
CROP_SIDES = 1.6


def crop(picture: Picture, box: Box) -> Picture:
    """Cut the square around a box, `CROP_SIDES` times its longer side, mirrored at the border.

    Args:
        picture: (height, width, 3) uint8 RGB.
        box: x0, y0, x1, y1 in pixels.

    Returns:
        (side, side, 3) uint8 RGB, at least 8 pixels on a side.
    """
    x0, y0, x1, y1 = box
    side = crop_side(box)
    height, width, _ = picture.shape
    top, left = round((y0 + y1 - side) / 2), round((x0 + x1 - side) / 2)
    inside = picture[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    if inside.shape[:2] == (side, side):
        return inside
    above_below = max(0, -top), max(0, top + side - height)
    left_right = max(0, -left), max(0, left + side - width)
    if max(above_below) <= len(inside) and max(left_right) <= inside.shape[1]:
        # Several times quicker than to pick every pixel.
        return np.pad(inside, (above_below, left_right, (0, 0)), "symmetric")
    rows, columns = _mirrored(top, side, height), _mirrored(left, side, width)
    return picture[rows[:, None], columns]


def crop_side(box: Box) -> int:
    """Return the side of the square around a box, in pixels."""
    x0, y0, x1, y1 = box
    return max(8, round(CROP_SIDES * max(x1 - x0, y1 - y0)))


def _mirrored(start: int, count: int, length: int) -> npt.NDArray[np.int64]:
    """Number `count` pixels from `start`, turning back at both ends of a line of `length`."""
    places = np.arange(start, start + count) % (2 * length)
    return np.minimum(places, 2 * length - 1 - places)
