"""Where the network looked: what its answer loses as parts of the picture are hidden, in color.

The map is made from answers alone, so it holds for any network. A class activation map would cost
less, but tells of places in the last layer, and there a network may gather along a border what it
has seen elsewhere (Alsallakh et al. 2021, arXiv 2010.02178): ours does.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.answers import Classification
from runtime.images import Picture
from runtime.preprocess import Batch, resample, square, window

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
GRAY = 200  # of the scale: about that of a stained slide
PLACES = 8  # that are hidden along each side, one after another
WIDTH = 0.25  # of what hides a place, at half its height, as a share of the side
# A hidden part that costs less than a factor of e in the odds is never shown as if it cost much.
LEAST_LOSS = 1.0

Heat = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Explanation:
    """An answer, and what in the picture speaks for it.

    Attributes:
        answer: as `Engine.classify` gives it; its times are without those of the heat map.
        picture: (side, side, 3) uint8 RGB, see `view`.
        heat_map: (side, side, 3) uint8 RGB, the same, see `heat_map`.
    """

    answer: Classification
    picture: Picture
    heat_map: Picture


def view(picture: Picture) -> Picture:
    """Reduce a picture to what a heat map is drawn over.

    Args:
        picture: (height, width, 3) uint8 RGB, as it was given to the engine.

    Returns:
        (side, side, 3) uint8 RGB, the centered square, at most `LARGEST_PX` on a side; a copy, so
        that the picture need not be held.
    """
    whole = square(picture)
    return np.array(resample(whole, min(LARGEST_PX, len(whole))))


def occluded(pixels: Picture) -> Batch:
    """Hide one place after another behind a soft disk of the picture's median color.

    Args:
        pixels: (side, side, 3) uint8 RGB, the network's input.

    Returns:
        (PLACES * PLACES, side, side, 3) uint8 RGB, by rows.
    """
    at = (np.arange(len(pixels), dtype=np.float32) + 0.5) / len(pixels)
    centers = (np.arange(PLACES, dtype=np.float32) + 0.5) / PLACES
    bells = np.exp(-4 * np.log(2) * ((at - centers[:, None]) / WIDTH) ** 2)
    median = np.median(pixels, axis=(0, 1)).astype(np.float32)
    away = median - pixels
    return np.stack(
        [
            np.asarray(pixels + np.outer(down, across)[..., None] * away + 0.5, np.uint8)
            for down in bells
            for across in bells
        ]
    )


def evidence(whole: Heat, hidden: Heat, place: int) -> Heat:
    """Scale what a class loses of its lead to 0..1, for each place that was hidden.

    Occlusion sensitivity (Zeiler and Fergus 2014, doi 10.1007/978-3-319-10590-1_53), of the lead in
    logits over the next class: a probability near 1 would hardly move.

    Args:
        whole: (classes,) float32, logits of the picture.
        hidden: (PLACES * PLACES, classes) float32, logits of its `occluded`.
        place: number of the class.

    Returns:
        (PLACES, PLACES) float32; zeros where the class loses nothing.
    """
    rows = np.concatenate([whole[None], hidden])
    others = np.delete(rows, place, axis=1)
    lead = rows[:, place] - others.max(axis=1, initial=np.finfo(np.float32).min)
    lost = np.maximum(0, lead[0] - lead[1:]).reshape(PLACES, PLACES)
    return np.asarray(lost / max(LEAST_LOSS, float(lost.max())), np.float32)


def heat_map(picture: Picture, heat: Heat, share: float = 1.0) -> Picture:
    """Color a picture by how much each part of it speaks for a class.

    Args:
        picture: (height, width, 3) uint8 RGB, as it was given to the engine, or its `view`.
        heat: (rows, columns) float32, 0 to 1, over what the network saw, see `evidence`.
        share: side of the window that the network saw, as from `preprocess.window_share` for the
            picture as it was given: that of a reduced one can be another.

    Returns:
        (side, side, 3) uint8 RGB, the centered square, at most `LARGEST_PX` on a side; gray where
        the network saw nothing.
    """
    whole = view(picture)
    seen = window(whole, share)
    gray = whole.mean(axis=2, keepdims=True, dtype=np.float32)
    canvas = np.asarray(np.repeat(gray, 3, axis=2) + 0.5, np.uint8)
    start = (len(whole) - len(seen)) // 2
    part = slice(start, start + len(seen))
    canvas[part, part] = _blended(seen, _enlarged(heat, len(seen)))
    return canvas


def scale(width_px: int, height_px: int) -> Picture:
    """Draw the colors of a heat map over gray, from nothing to most.

    Returns:
        (height_px, width_px, 3) uint8 RGB.
    """
    heat = np.tile(np.linspace(0, 1, width_px, dtype=np.float32), (height_px, 1))
    return _blended(np.full((*heat.shape, 3), GRAY, np.uint8), heat)


def _enlarged(heat: Heat, side: int) -> Heat:
    image = Image.fromarray(heat, "F").resize((side, side), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, np.float32), 0.0, 1.0)


def _blended(seen: Picture, heat: Heat) -> Picture:
    anchors, share = np.linspace(0, 1, len(INFERNO)), STRENGTH * heat
    blended = np.empty_like(seen)
    for channel, colors in enumerate(INFERNO.T):
        colored = np.interp(heat, anchors, colors)
        blended[..., channel] = (1 - share) * seen[..., channel] + share * colored + 0.5
    return blended
