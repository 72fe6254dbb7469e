"""The white reference: what one picture of blank glass says of lamp, lens and dust, taken away.

It evens out uneven light (flat-field correction) and makes the glass neutral (white balance), in
one multiplication for each pixel.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.color import MOST_GAIN
from runtime.errors import ImageError
from runtime.files import write_whole
from runtime.images import Picture, decode, encode

PICTURES: Final = 8  # that are averaged, so that a camera's noise is not taken for the lamp's
# The picture is looked at in so many parts along its longer side; light changes no faster.
PARTS: Final = 16
DARKEST: Final = 60.0  # level below which the light is too weak to be measured well
CLIPPED: Final = 254  # level from which a channel may have been brighter than it tells
MOST_CLIPPED: Final = 0.01  # share of pixels
# A pixel darker than this share of the light around it is of a cell or dirt; a red cell takes a
# quarter to half of the blue light, specks of dust are few.
SHADED: Final = 0.88
MOST_SHADED: Final = 0.01
FINER: Final = 4  # pixels along a side that are taken together when dark ones are looked for


class WhiteReference:
    """Corrects pictures by one of blank glass, taken with the same light and camera.

    Attributes:
        blank: the blank field, (height, width, 3) uint8 RGB.
        sha256: which one it is: the SHA-256 of the blank field's pixels, row by row.
    """

    def __init__(self, blank: Picture, name: str = "the blank field") -> None:
        """Measure the light.

        Args:
            blank: (height, width, 3) uint8 RGB, of glass without cells, a little out of focus.
            name: what messages call it.

        Raises:
            ImageError: `no_blank_field`, it is too dark, too bright, or shows more than glass.
        """
        height, width, _ = blank.shape
        side = max(1, max(height, width) // PARTS)
        light = _smooth(_medians(blank, side), width, height)
        if float(np.median(light)) < DARKEST:
            raise _no_blank(name, "is too dark", "open the lamp or lengthen the exposure")
        if float((blank >= CLIPPED).any(axis=2).mean()) > MOST_CLIPPED:
            raise _no_blank(name, "is too bright", "dim the lamp or shorten the exposure")
        if _shaded(blank, light) > MOST_SHADED:
            raise _no_blank(name, "shows more than glass", "move to glass without cells or dirt")
        target = float(np.percentile(light[..., 1], 95))
        gains = target / np.maximum(light, 1.0)
        if float(gains.max()) > MOST_GAIN:
            raise _no_blank(name, "is lit too unevenly", "center the condenser and the lamp")
        self.blank = blank
        self.sha256 = hashlib.sha256(blank.tobytes()).hexdigest()
        self._gains = gains.astype(np.float32)

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> "WhiteReference":
        """Take the mean of some pictures of the same blank field.

        Raises:
            ImageError: as the constructor, or `unsupported`, they differ in size.
        """
        if len({picture.shape for picture in pictures}) != 1:
            raise ImageError(
                "unsupported",
                "the pictures of the blank field differ in size: take the reference again",
            )
        mean = np.mean(pictures, axis=0, dtype=np.float32)
        return cls(np.rint(mean).astype(np.uint8))

    @classmethod
    def read(cls, file: Path) -> "WhiteReference":
        """Take a picture of a blank field that was kept.

        Raises:
            ImageError: as `decode` and the constructor.
        """
        return cls(decode(file), str(file))

    def write(self, file: Path) -> None:
        """Keep the blank field as a PNG file.

        Raises:
            HematoVisionError: `unwritable`.
        """
        write_whole(file, encode(self.blank))

    def correct(self, picture: Picture) -> Picture:
        """Give a picture as it would be in even, neutral light.

        Args:
            picture: (height, width, 3) uint8 RGB, of the size of the blank field.

        Raises:
            ImageError: `unsupported`, it is of another size.
        """
        if picture.shape != self.blank.shape:
            height, width, _ = self.blank.shape
            raise ImageError(
                "unsupported",
                f"the picture is {picture.shape[1]} x {picture.shape[0]} pixels, the white "
                f"reference {width} x {height}: take the reference again",
            )
        corrected = picture * self._gains
        np.minimum(corrected, 255, out=corrected)
        even: Picture = np.rint(corrected, out=corrected).astype(np.uint8)
        return even


def _shaded(blank: Picture, light: npt.NDArray[np.float32]) -> float:
    """Give the share of the picture that something dark lies on; a mean of 4 x 4 has no noise."""
    height, width, _ = blank.shape
    small = max(1, width // FINER), max(1, height // FINER)
    seen, around = (
        _resized(array.astype(np.float32), *small, Image.Resampling.BOX) for array in (blank, light)
    )
    return float((seen < SHADED * around).any(axis=2).mean())


def _medians(blank: Picture, side: int) -> npt.NDArray[np.float32]:
    """Give the median level of each part, (rows, columns, 3): a speck of dust does not move it."""
    height, width, _ = blank.shape
    rows, columns = max(1, height // side), max(1, width // side)
    parts = [
        [np.median(part, axis=(0, 1)) for part in np.array_split(band, columns, axis=1)]
        for band in np.array_split(blank, rows, axis=0)
    ]
    return np.array(parts, np.float32)


def _smooth(parts: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    """Spread the levels of the parts over all pixels, (height, width, 3)."""
    return _resized(parts, width, height, Image.Resampling.BICUBIC)


def _resized(
    levels: npt.NDArray[np.float32], width: int, height: int, how: Image.Resampling
) -> npt.NDArray[np.float32]:
    channels = [
        Image.fromarray(np.ascontiguousarray(levels[..., i])).resize((width, height), how)
        for i in range(3)
    ]
    return np.stack([np.asarray(channel, np.float32) for channel in channels], axis=2)


def _no_blank(name: str, what: str, do: str) -> ImageError:
    return ImageError("no_blank_field", f"{name} {what}: {do}, and take the reference again")
