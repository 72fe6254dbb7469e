"""Picture to network input: the only code that does it, in calibration, evaluation and serving.

Training reduces its frames here too, before it varies them. Normalization is not here but inside
the ONNX graph, which takes uint8.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.framing import Framing
from runtime.images import Picture

Batch = npt.NDArray[np.uint8]

# What networks scale to about 0, which is also what their convolutions see beyond the border.
FILL = 127
LINEAR = Image.Resampling.BILINEAR
STRIP_PX = 8_000_000  # that are copied at once: most pictures are one strip


def square(picture: Picture) -> Picture:
    """Cut the largest centered square.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.

    Returns:
        (side, side, 3) uint8 RGB, a view.
    """
    return _centered(picture, min(picture.shape[:2]))


def window_share(picture: Picture, framing: Framing | None = None) -> float:
    """Tell how large a window the network was trained to see of a picture.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.
        framing: how large a window the cell needs; None takes the largest centered square.

    Returns:
        Side of the window as a share of that square's, above 0 and at most 1.
    """
    return framing.share(square(picture)) if framing else 1.0


def window(picture: Picture, share: float = 1.0, zoom: float = 1.0) -> Picture:
    """Cut a centered square window: the only code that does it.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.
        share: side of the window that serving cuts, as from `window_share`.
        zoom: side of what is cut in sides of that window; the largest square is the limit.

    Returns:
        (side, side, 3) uint8 RGB, a view.
    """
    whole = square(picture)
    served = max(1, round(share * len(whole)))
    return _centered(whole, max(1, min(len(whole), round(zoom * served))))


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
    return resized(picture, (size_px, size_px))


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """Resize as `resample` does, to any width and height in pixels.

    Pillow resizes rows first, then columns; with the rows done in strips the result is the same,
    and a large picture is not copied as a whole.
    """
    width, height = size
    if picture.shape[:2] == (height, width):
        return picture
    narrow = _joined([strip.resize((width, strip.height), LINEAR) for strip in _strips(picture)])
    return np.asarray(narrow.resize(size, LINEAR))


def to_input(picture: Picture, size_px: int, framing: Framing | None = None) -> Picture:
    """Cut the window out of a picture and bring it to the network's size.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.
        size_px: side of the network's input in pixels.
        framing: as in `window_share`.

    Returns:
        (size_px, size_px, 3) uint8 RGB.
    """
    return resample(window(picture, window_share(picture, framing)), size_px)


@dataclass(frozen=True)
class Fitted:
    """A whole picture in the upper left of a network's input.

    Attributes:
        pixels: (height, width, 3) uint8 RGB.
        scale: pixels of the input to a pixel of the picture, along x and y of the input.
        turned: rows of the picture are columns of the input.
    """

    pixels: Picture
    scale: tuple[float, float]
    turned: bool


def fit(picture: Picture, shape_px: tuple[int, int]) -> Fitted:
    """Bring a whole picture, undistorted, into a network's input, and fill up with gray.

    A high picture is mirrored at its diagonal for a wide input, and the other way round: so it is
    seen larger, and cells are cells in any direction.

    Args:
        picture: (height, width, 3) uint8 RGB, upright.
        shape_px: height and width of the input in pixels.
    """
    height, width = shape_px
    turned = (picture.shape[0] > picture.shape[1]) != (height > width) and height != width
    if turned:
        picture = picture.swapaxes(0, 1)
    rows, columns = picture.shape[:2]
    scale = min(height / rows, width / columns)
    size = max(1, min(width, round(columns * scale))), max(1, min(height, round(rows * scale)))
    # By whole numbers with a box first, which is many times quicker.
    across, down = max(1, columns // size[0]), max(1, rows // size[1])
    if (across, down) == (1, 1):
        reduced = Image.fromarray(np.ascontiguousarray(picture))
    else:
        reduced = _joined([strip.reduce((across, down)) for strip in _strips(picture, down)])
    seen = (0.0, 0.0, columns / across, rows / down)  # less than the last of those boxes
    pixels = np.asarray(reduced.resize(size, LINEAR, seen))
    if size != (width, height):
        filled = np.full((height, width, 3), FILL, np.uint8)
        filled[: size[1], : size[0]] = pixels
        pixels = filled
    return Fitted(pixels, (size[0] / columns, size[1] / rows), turned)


def to_batch(inputs: Sequence[Picture]) -> Batch:
    """Stack network inputs of one size into (n, size_px, size_px, 3) uint8."""
    return np.stack(inputs)


def _strips(picture: Picture, multiple: int = 1) -> Iterator[Image.Image]:
    """Give a picture in strips of whole rows; of all but the last the number is a multiple."""
    height, width, _ = picture.shape
    rows = max(1, STRIP_PX // width // multiple) * multiple
    for top in range(0, height, rows):
        yield Image.fromarray(np.ascontiguousarray(picture[top : top + rows]))


def _joined(strips: Sequence[Image.Image]) -> Image.Image:
    if len(strips) == 1:
        return strips[0]
    return Image.fromarray(np.concatenate([np.asarray(strip) for strip in strips]))


def _centered(picture: Picture, side: int) -> Picture:
    height, width, _ = picture.shape
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]
