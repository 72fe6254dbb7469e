"""Picture to network input: the only code that does it, in calibration, evaluation and serving.

Training reduces its frames here too, before it varies them. Normalization is not here but inside
the ONNX graph, which takes uint8.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.images import Picture

Batch = npt.NDArray[np.uint8]


def window(picture: Picture) -> Picture:
    """Cut the largest centered square, the part that the network was trained to see.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.

    Returns:
        (side, side, 3) uint8 RGB, a view.
    """
    height, width, _ = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def resample(picture: Picture, size_px: int) -> Picture:
    """Resize a square picture once, averaging over the area that each new pixel covers.

    Pillow's triangle filter widens with the reduction, so that it averages when it shrinks and
    interpolates when it enlarges; its integer arithmetic gives the same bytes on every processor.

    Args:
        picture: (side, side, 3) uint8 RGB.
        size_px: side of the result in pixels.

    Returns:
        (size_px, size_px, 3) uint8 RGB.
    """
    if picture.shape[:2] == (size_px, size_px):
        return picture
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((size_px, size_px), Image.Resampling.BILINEAR))


def to_input(picture: Picture, size_px: int) -> Picture:
    """Cut the window out of a picture and bring it to the network's size.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.
        size_px: side of the network's input in pixels.

    Returns:
        (size_px, size_px, 3) uint8 RGB.
    """
    return resample(window(picture), size_px)


def to_batch(inputs: Sequence[Picture]) -> Batch:
    """Stack network inputs of one size into (n, size_px, size_px, 3) uint8."""
    return np.stack(inputs)
