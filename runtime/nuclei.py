"""A white cell has a nucleus: what its stain says of the cells that a network takes for white ones.

The dyes of every Romanowsky stain bind to nuclei and absorb red light there, which the pigment of
red cells hardly absorbs. So where a laboratory's colors are strange to the network, a cell that is
darker in red than the red cells around it is a white one more surely than the network says, and
one that is not is so less.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from runtime.detection import Box, Found
from runtime.images import Picture

# A cell has a score of 0.5 or more where the network gave it 0.7, if its nucleus is hardly darker
# than red cells are, and where it gave 0.2, if it clearly is. Of the training and validation fields
# of Bio-net and TXL-PBC this costs white cells 0.8 points of F1, where the network alone is almost
# never wrong; it is for the laboratories where that is.
NONE_NEEDS: Final = 0.7
CLEAR_NEEDS: Final = 0.2
# Hardly darker and clearly so: the natural logarithm of how much brighter red cells are.
DARKER: Final = (0.05, 0.25)
NUCLEUS: Final = 10  # percentile of a cell's red channel: any nucleus takes a tenth of it
INSIDE: Final = 0.8  # of a box, along each side
POINTS: Final = 9  # along each side of that, where it is looked at
KNOWN_FROM: Final = 3  # red cells

_Reals = npt.NDArray[np.float32]


def lowest_needed(least: float) -> float:
    """Return the lowest score that `weighed` can raise to `least`, 0 to 1."""
    return _from_odds(_odds(least) + _odds(CLEAR_NEEDS))


def weighed(picture: Picture, found: Sequence[Found], sure: float) -> list[Found]:
    """Raise and lower the scores of white cells by how dark their nuclei are.

    Args:
        picture: (height, width, 3) uint8 RGB.
        found: its cells.
        sure: score, 0 to 1, from which on a red cell is taken for one. With fewer than
            `KNOWN_FROM` of these nothing is known, and nothing changed.

    Returns:
        The same cells in the same order; of white ones the score, 0 to 1, may be another.
    """
    red = [cell.box for cell in found if cell.kind == "rbc" and cell.score >= sure]
    white = [place for place, cell in enumerate(found) if cell.kind == "wbc"]
    if len(red) < KNOWN_FROM or not white:
        return list(found)
    level = np.median(_red_channel(picture, red))
    nuclei = np.percentile(
        _red_channel(picture, [found[place].box for place in white]), NUCLEUS, axis=1
    )
    # The glass cancels: this is the difference of two absorbances (Beer-Lambert).
    darker = np.log(level / nuclei)
    needed = np.interp(darker, DARKER, [NONE_NEEDS, CLEAR_NEEDS])
    cells = list(found)
    for place, each in zip(white, needed.tolist(), strict=True):
        score = _from_odds(_odds(cells[place].score) - _odds(each))
        cells[place] = replace(cells[place], score=score)
    return cells


def _red_channel(picture: Picture, boxes: Sequence[Box]) -> _Reals:
    """Look at boxes in a grid of points; (boxes, points) red levels, 1 to 256."""
    height, width, _ = picture.shape
    x0, y0, x1, y1 = np.array(boxes, np.float32).T
    along = np.linspace(-INSIDE / 2, INSIDE / 2, POINTS, dtype=np.float32)
    columns = _places((x0 + x1) / 2, x1 - x0, along, width)
    rows = _places((y0 + y1) / 2, y1 - y0, along, height)
    levels = picture[rows[:, :, None], columns[:, None, :], 0]
    return np.asarray(levels.reshape(len(boxes), -1), np.float32) + 1


def _places(center: _Reals, side: _Reals, along: _Reals, length: int) -> npt.NDArray[np.intp]:
    places = np.clip(center[:, None] + along * side[:, None], 0, length - 1)
    return np.asarray(places, np.intp)


def _odds(score: float) -> float:
    """Return the natural logarithm of the odds, finite for 0 and 1 too."""
    score = min(max(score, 1e-6), 1 - 1e-6)
    return float(np.log(score / (1 - score)))


def _from_odds(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))
