"""White balance: what the bare glass of a picture says of lamp, filter and camera.

Glass absorbs nothing, so it is the brightest that a slide shows, and its color is the light's.
"""

from typing import Final, TypeAlias

import numpy as np

from runtime.images import Picture
from runtime.ranks import percentile

Gains: TypeAlias = tuple[float, float, float]

SAMPLES: Final = 40  # pixels along each side of the picture that are looked at, at least
MOST_SAMPLES: Final = 1000  # and at most, which only a strip has
# Between these, by brightness, pixels are taken for glass: below the few that dust, bubbles and hot
# pixels make brighter, above all cells where a twentieth of the field is bare.
GLASS_PERCENTILES: Final = (95.0, 99.5)
DARKEST: Final = 16.0  # level of a channel below which nothing can be said of its light
# A channel that needs more is not of a microscope's light; more would amplify noise alone.
MOST_GAIN: Final = 4.0
# Gains farther apart than this, as a ratio, are taken from the cells before they are named. Of 169
# white cells of Bio-net's training and validation fields with such a cast all kept their class,
# and 37 % instead of 56 % were unfamiliar. Glass of the classifier's own cells has 1.26.
STRONG_CAST: Final = 1.3


def glass_color(picture: Picture) -> tuple[float, float, float]:
    """Find the color of the bare glass.

    Args:
        picture: (height, width, 3) uint8 RGB.

    Returns:
        Median red, green and blue of the brightest pixels, 0 to 255.
    """
    step = max(1, min(picture.shape[:2]) // SAMPLES)
    down, across = (max(step, side // MOST_SAMPLES) for side in picture.shape[:2])
    pixels = picture[::down, ::across].reshape(-1, 3).astype(np.float32)
    brightness = pixels.sum(axis=1, dtype=np.float64)
    low, high = (percentile(brightness, percent) for percent in GLASS_PERCENTILES)
    red, green, blue = np.median(pixels[(brightness >= low) & (brightness <= high)], axis=0)
    return float(red), float(green), float(blue)


def white_balance(picture: Picture) -> Gains:
    """Find what red, green and blue must be multiplied with for the glass to be neutral.

    Args:
        picture: (height, width, 3) uint8 RGB.

    Returns:
        Gains relative to green, 1 / `MOST_GAIN` to `MOST_GAIN`; 1 each where the brightest is
        too dark to say.
    """
    glass = glass_color(picture)
    if min(glass) < DARKEST:
        return 1.0, 1.0, 1.0
    red, green, blue = (min(MOST_GAIN, max(1 / MOST_GAIN, glass[1] / level)) for level in glass)
    return red, green, blue


def is_strong(gains: Gains) -> bool:
    """Tell whether a cast is so strong that cells look unfamiliar under it."""
    return max(gains) > STRONG_CAST * min(gains)


def balanced(picture: Picture, gains: Gains) -> Picture:
    """Multiply the channels of a picture; what is brighter than white becomes white.

    Args:
        picture: (height, width, 3) uint8 RGB.
        gains: factors of red, green and blue.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    levels = np.arange(256, dtype=np.float32)
    tables = [np.rint(np.minimum(levels * gain, 255)).astype(np.uint8) for gain in gains]
    return np.stack([table[picture[..., i]] for i, table in enumerate(tables)], axis=-1)
