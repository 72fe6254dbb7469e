"""The ruler: micrometers per pixel, read off the red cells, which are of one size in everyone.

Red cells of one person differ by some 6 %, and means of persons and smears by some 5 %; so a
field's scale is known to about a tenth, and more cells do not make it much better. White cells
differ more, and how large they spread differs from one laboratory's smears to another's.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from runtime.detection import Box, Found

ScaleSource: TypeAlias = Literal["red_cells", "slide", "outline", "given"]

# Geometric mean of the sides of a whole red cell's box. Fitted on the 291 training fields of
# TXL-PBC from the CellaVision DM96 of Barcelona, whose median then reads 0.0998 um/px by labelled
# boxes; by those that fields 1.3.0 finds, which are 3 % smaller there, it reads 0.103.
RED_CELL_UM: Final = 7.93
# Standard deviations as shares, of the same fields: of cells within one, and between fields.
SPREAD_WITHIN: Final = 0.065
SPREAD_BETWEEN: Final = 0.055
# Of a normal distribution, 95 % lie within so many standard deviations.
NORMAL_95: Final = 1.96
FEWEST_CELLS: Final = 3
# A longer box holds two cells, or one that lies on its side.
ROUND: Final = 1.2
# A size farther from the median, as a share of it, is that of something else.
OUTLIER: Final = 0.2
EDGE_PX: Final = 2.0
# Medians of the same measure by class, of white cells in the training and validation fields of the
# same source, named by the classifier.
WHITE_CELL_UM: Final[Mapping[str, float]] = {
    "basophil": 13.3,
    "eosinophil": 14.4,
    "lymphocyte": 10.7,
    "monocyte": 16.4,
    "neutrophil": 14.0,
}
# Standard deviation, as a share, of scales read off these, between fields of other laboratories.
SPREAD_OUTLINE: Final = 0.18


@dataclass(frozen=True)
class Scale:
    """The scale of a picture.

    Attributes:
        um_per_px: micrometers per pixel.
        interval: the 95 % interval of it, for a given one the number itself twice.
        source: what told it: red cells of the picture, or of other fields of its slide, the
            outline of the white cell, or a person.
    """

    um_per_px: float
    interval: tuple[float, float]
    source: ScaleSource


def given(um_per_px: float) -> Scale:
    """Take a person's word for the scale."""
    return Scale(um_per_px, (um_per_px, um_per_px), "given")


def from_red_cells(cells: Sequence[Found], width: int, height: int) -> Scale | None:
    """Read the scale off the red cells of a field.

    It is that of the mean red cell among the whole and round ones, outliers left out.

    Args:
        cells: what was found in the picture, of any kind.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        The scale, None with fewer than `FEWEST_CELLS` whole red cells.
    """
    boxes = [c.box for c in cells if c.kind == "rbc" and not touches_edge(c.box, width, height)]
    if len(boxes) < FEWEST_CELLS:
        return None
    roundest = sorted(boxes, key=_elongation)
    count = max(FEWEST_CELLS, sum(_elongation(box) <= ROUND for box in boxes))
    sizes = np.array([size_px(box) for box in roundest[:count]])
    near = sizes[np.abs(sizes / np.median(sizes) - 1) <= OUTLIER]
    # Two sizes that differ widely have a median that is near neither.
    um_per_px = RED_CELL_UM / float(near.mean() if near.size else np.median(sizes))
    spread = math.hypot(SPREAD_BETWEEN, SPREAD_WITHIN / math.sqrt(max(1, near.size)))
    return Scale(um_per_px, _interval(um_per_px, spread), "red_cells")


def from_outlines(cells: Iterable[tuple[str, Box]], width: int, height: int) -> Scale | None:
    """Read the scale off white cells by their classes, far less surely than off red cells.

    Args:
        cells: class and box of each.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        The median of what the cells say; None without a whole one of a class of known size.
    """
    said = [
        WHITE_CELL_UM[label] / size_px(box)
        for label, box in cells
        if label in WHITE_CELL_UM and not touches_edge(box, width, height)
    ]
    if not said:
        return None
    um_per_px = float(np.median(said))
    return Scale(um_per_px, _interval(um_per_px, SPREAD_OUTLINE), "outline")


def of_slide(scales: Sequence[Scale]) -> Scale | None:
    """Give a field without a scale that of the median field of its slide, None without any."""
    ranked = sorted(scales, key=lambda scale: scale.um_per_px)
    return replace(ranked[(len(ranked) - 1) // 2], source="slide") if ranked else None


def touches_edge(box: Box, width: int, height: int) -> bool:
    """Tell whether a box comes so near to the picture's edge that its cell may be cut off."""
    x0, y0, x1, y1 = box
    return min(x0, y0, width - x1, height - y1) < EDGE_PX


def size_px(box: Box) -> float:
    """Measure a box: the geometric mean of its sides in pixels."""
    x0, y0, x1, y1 = box
    return math.sqrt((x1 - x0) * (y1 - y0))


def diameter_um(box: Box, width: int, height: int, scale: Scale | None) -> float | None:
    """Measure the cell in a box in micrometers; where the edge cuts it off, by its longer side.

    Args:
        box: x0, y0, x1, y1 in pixels.
        width: of the picture in pixels.
        height: of the picture in pixels.
        scale: of the picture; without one nothing is known.
    """
    if scale is None:
        return None
    x0, y0, x1, y1 = box
    cut_off = touches_edge(box, width, height)
    return scale.um_per_px * (max(x1 - x0, y1 - y0) if cut_off else size_px(box))


def _interval(um_per_px: float, spread: float) -> tuple[float, float]:
    """Return the 95 % interval of a scale whose logarithm has a standard deviation."""
    factor = math.exp(NORMAL_95 * spread)
    return um_per_px / factor, um_per_px * factor


def _elongation(box: Box) -> float:
    x0, y0, x1, y1 = box
    longer, shorter = max(x1 - x0, y1 - y0), min(x1 - x0, y1 - y0)
    return longer / shorter if shorter > 0 else math.inf
