"""How large a window a cell needs: a few diameters of its nucleus, whatever the magnification.

Laboratories cut their pictures differently: in one the cell fills the picture, in another a third
of it. The nucleus is found without knowing the scale: it is what absorbs red light most, while red
cells hardly absorb it; so the cell comes to the network at about the same size from everywhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.images import Picture

THUMBNAIL_PX = 64
# Red cells and smudges take more of a picture than a nucleus does.
LARGEST_AREA = 0.2
TURNS = 4


@dataclass(frozen=True)
class Framing:
    """The side of the window around a cell, within the centered square of its picture.

    Attributes:
        nuclei: side of the window in diameters of the nucleus.
        least: smallest side, as a share of the square's; the largest is the square itself.
    """

    nuclei: float
    least: float

    @classmethod
    def of(cls, table: Mapping[str, Any] | None) -> Self | None:
        """Read a framing from a manifest, None where the whole square is seen.

        Raises:
            ValueError: a value is not a number, or is out of its range.
        """
        if table is None:
            return None
        nuclei, least = table["nuclei"], table["least"]
        if not _is_number(nuclei) or not 0 < nuclei < math.inf:
            raise ValueError(f"framing.nuclei is {nuclei!r}, not a number above 0")
        if not _is_number(least) or not 0 < least <= 1:
            raise ValueError(f"framing.least is {least!r}, not a number above 0 and at most 1")
        return cls(float(nuclei), float(least))

    def share(self, square: Picture) -> float:
        """Return the side of the window as a share of the square's, `least` to 1.

        Args:
            square: (side, side, 3) uint8 RGB.
        """
        return min(1.0, max(self.least, self.nuclei * nucleus_share(square)))


def nucleus_share(square: Picture) -> float:
    """Estimate the diameter of the stained nucleus as a share of the picture's side.

    The darkest pixels in red are taken by Otsu's threshold (1979, doi 10.1109/TSMC.1979.4310076),
    anew among these as long as they are too many for a nucleus; the diameter is that of a disk of
    their area.

    Args:
        square: (side, side, 3) uint8 RGB.

    Returns:
        0 to 1; 0 for a picture of one shade.
    """
    red = Image.fromarray(np.ascontiguousarray(square[..., 0]))
    thumbnail = red.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BILINEAR)
    counts = np.array(thumbnail.histogram())  # of each level; the darkest are `dark` of `all_of_it`
    dark = all_of_it = THUMBNAIL_PX**2
    for _ in range(TURNS):
        counts = counts[: _otsu(counts) + 1]
        before, dark = dark, int(counts.sum())
        if dark <= LARGEST_AREA * all_of_it or dark == before:
            break
    return math.sqrt(4 * dark / all_of_it / math.pi) if dark < all_of_it else 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _otsu(counts: npt.NDArray[np.int64]) -> int:
    """Return the last level of the darker class that differs most from the lighter one.

    Args:
        counts: how many pixels have each level, from 0 on.
    """
    below, sums = np.cumsum(counts), np.cumsum(counts * np.arange(len(counts)))
    above = below[-1] - below
    apart = (sums * below[-1] - sums[-1] * below).astype(np.float64) ** 2
    product = below * above
    between = np.divide(apart, product, out=np.zeros(len(counts)), where=product > 0)
    return int(between.argmax()) if between.any() else len(counts) - 1
