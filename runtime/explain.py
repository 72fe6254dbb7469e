"""Where the network looked: the class activation map over the picture, as a heat map."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.framing import Framing
from runtime.images import Picture
from runtime.preprocess import resample, square, window

# Anchors of matplotlib's "inferno" at equal steps: even in lightness, safe for the color-blind.
INFERNO = np.array(
    [
        (0, 0, 4),
        (40, 11, 84),
        (101, 21, 110),
        (159, 42, 99),
        (212, 72, 66),
        (245, 125, 21),
        (250, 193, 39),
        (252, 255, 164),
    ],
    float,
)
LARGEST_PX = 768
STRENGTH = 0.6  # of the colors over the picture, where the network looked most


def heat_map(
    picture: Picture,
    activation: npt.NDArray[np.float32],
    place: int,
    framing: Framing | None = None,
) -> Picture:
    """Color a picture by how much each part of it speaks for a class.

    Args:
        picture: (height, width, 3) uint8 RGB, as it was given to the engine.
        activation: (rows, columns, classes) float32, the network's output of that name.
        place: number of the class.
        framing: the bundle's, which says what part of the picture the network saw.

    Returns:
        (side, side, 3) uint8 RGB, the centered square, at most `LARGEST_PX` on a side; gray where
        the network saw nothing.
    """
    whole = square(picture)
    whole = resample(whole, min(LARGEST_PX, len(whole)))
    seen = window(whole, framing)
    heat = _enlarged(evidence(activation, place), len(seen))
    canvas = np.repeat(whole.mean(axis=2, keepdims=True), 3, axis=2)
    start = (len(whole) - len(seen)) // 2
    part = slice(start, start + len(seen))
    share = STRENGTH * heat[..., None]
    canvas[part, part] = (1 - share) * seen + share * _colored(heat)
    return np.asarray(canvas + 0.5, np.uint8)


def evidence(activation: npt.NDArray[np.float32], place: int) -> npt.NDArray[np.float32]:
    """Scale what speaks for a class, beyond what speaks for the others, to 0..1.

    Args:
        activation: (rows, columns, classes) float32.
        place: number of the class.

    Returns:
        (rows, columns) float32; zeros where nothing speaks for the class more than elsewhere.
    """
    ahead = activation[..., place] - activation.mean(axis=-1)
    raised: Any = np.maximum(0.0, ahead - np.median(ahead))
    return np.asarray(raised / max(float(raised.max()), 1e-6), np.float32)


def _enlarged(heat: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    image = Image.fromarray(heat, "F").resize((side, side), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, np.float32), 0.0, 1.0)


def _colored(heat: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    anchors = np.linspace(0, 1, len(INFERNO))
    return np.stack([np.interp(heat, anchors, INFERNO[:, c]) for c in range(3)], axis=-1)
