"""Whether a field can be counted on, and if not what a person can do about it.

Focus is judged by edges in micrometers, not in pixels, so that a large picture is not called
blurred; exposure and cast by the bare glass; thickness by the cells found. Every threshold has
its source beside it: fields of `train` and `val` of Bio-net and TXL-PBC with their labelled boxes,
all taken for usable, against some of them blurred, exposed and tinted, and against drawn smears.
Of these 1,974 fields one is called unusable, as too thick.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from runtime.detection import Found
from runtime.images import Picture
from runtime.ranks import percentile
from runtime.scale import RED_CELL_UM

Plane = npt.NDArray[np.float32]
Counts = npt.NDArray[np.uint16]
Grid = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

ROWS: Final = 48  # places from top to bottom that are looked at, as wide as the picture
COLUMNS: Final = 64  # places across at which colors and cells are told
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # of ITU-R BT.601, as JPEG keeps it
GLASS_PERCENTILE: Final = 95  # of the light: bare glass

# Edges: the steepest step over `FINE_UM` on the way of each rise over `COARSE_UM`, as a share of
# that rise, of the tenth of all places that rise most. A sharp edge gives up to 1, none 0.2.
FINE_UM: Final = 0.6
COARSE_UM: Final = 3.0
STEEPEST: Final = 90  # percentile of the rises
LEAST_RISE: Final = 4.0  # levels; under it there are no edges to tell focus by
FINEST_PX: Final = 960  # columns that `focus` keeps, so that noise of large sensors is averaged
# Usable: 99 % above 0.37, the least 0.356. Blurred further by 0.8 um: all below 0.338.
LEAST_SHARPNESS: Final = 0.345
# Of fields without red cells to tell the scale: white cells' mean box, and the sets' mean width.
MEAN_WHITE_CELL_UM: Final = 13.5
FIELD_UM: Final = 60.0

# Luma of the glass. Usable: 143 and more; at 0.3 times the exposure 71 and less.
DARKEST_GLASS: Final = 100.0
# Share of the pixels of cells of which two channels are saturated. Usable: none above 0.002; at
# twice the exposure half have more than 0.43.
MOST_SATURATED: Final = 0.2
SATURATED: Final = 254
# The same without cells, of the whole picture, where glass may be white. Usable: 0.008 at most; at
# 2.5 times the exposure, where cells vanish, 0.68 and more.
MOST_SATURATED_GLASS: Final = 0.6
# Darkest channel of the glass over its brightest. Usable: 0.569 and more; with one or two
# channels at a fifth, 0.281 and less; white balance ends at a quarter.
LEAST_BALANCE: Final = 0.4
# Share of the field under red cells, and of that share under two and more. Usable: at most 0.77
# and 0.313; drawn with 1.3 times the field's area of red cells: 0.85 and 0.35 at least.
MOST_COVERED: Final = 0.82
MOST_OVERLAPPED: Final = 0.36
# Share of the field under white and red cells. Usable: 0.247 and more.
LEAST_COVERED: Final = 0.08


@dataclass(frozen=True)
class Reason:
    """Why a field should not be counted: a stable code and a sentence that says what to do."""

    code: str
    message: str


@dataclass(frozen=True)
class Quality:
    """Whether a field can be counted, and what is wrong with it."""

    usable: bool
    reasons: tuple[Reason, ...]


OUT_OF_FOCUS: Final = Reason("out_of_focus", "out of focus: turn the fine focus")
TOO_DARK: Final = Reason("too_dark", "too dark: raise the lamp or the camera's exposure")
TOO_BRIGHT: Final = Reason("too_bright", "too bright: lower the lamp or the camera's exposure")
COLOR_CAST: Final = Reason(
    "color_cast", "colors cannot be told: set the camera's white balance on bare glass"
)
TOO_THICK: Final = Reason(
    "too_thick", "too thick, red cells lie on one another: move towards the end of the smear"
)
TOO_THIN: Final = Reason(
    "too_thin", "hardly any cells: move towards the beginning of the smear, or to another field"
)
NO_CELLS: Final = Reason(
    "no_cells", "no blood cells found: focus on the smear, or move to another field"
)


def judge_field(picture: Picture, cells: Sequence[Found], um_per_px: float | None) -> Quality:
    """Judge whether a field can be counted on.

    Args:
        picture: (height, width, 3) uint8 RGB.
        cells: what was found in it.
        um_per_px: its scale in micrometers per pixel; None tells it roughly by the cells found.

    Returns:
        Whether it is usable, and each reason why not.
    """
    bands = _bands(picture)
    blood = [cell for cell in cells if cell.kind != "platelet"]
    grid = _grid(picture)
    red = _layers(grid, [cell for cell in blood if cell.kind == "rbc"])
    under = red + _layers(grid, [cell for cell in blood if cell.kind != "rbc"])
    sharpness = _sharpness(bands, um_per_px or _rough_scale(picture, blood))
    colors = bands[:, :: max(1, bands.shape[1] // COLUMNS)].reshape(-1, 3)
    glass = [percentile(channel, GLASS_PERCENTILE) for channel in colors.T]
    covered = float((red > 0).mean())
    found = {
        OUT_OF_FOCUS: sharpness is not None and sharpness < LEAST_SHARPNESS,
        TOO_DARK: percentile(colors @ LUMA, GLASS_PERCENTILE) < DARKEST_GLASS,
        TOO_BRIGHT: _too_bright(picture, grid, under),
        COLOR_CAST: min(glass) < LEAST_BALANCE * max(glass),
        TOO_THICK: covered > MOST_COVERED
        or float((red > 1).mean()) > MOST_OVERLAPPED * max(covered, 0.5),
        TOO_THIN: bool(blood) and float((under > 0).mean()) < LEAST_COVERED,
        NO_CELLS: not blood,
    }
    reasons = tuple(reason for reason, holds in found.items() if holds)
    return Quality(not reasons, reasons)


def without_cells(quality: Quality) -> Quality:
    """Say that what was found in a field, if anything, is no blood; what else is wrong stays."""
    others = tuple(r for r in quality.reasons if r not in (NO_CELLS, TOO_THIN, TOO_THICK))
    return Quality(False, (*others, NO_CELLS))


def focus(picture: Picture) -> float:
    """Score the focus of a live view: the more, the sharper.

    It is the mean squared step between neighboring columns over the squared mean light, so it
    falls with defocus of one scene, and hardly moves with exposure. Scores of two scenes do not
    compare.

    Args:
        picture: (height, width, 3) uint8 RGB.

    Returns:
        0 or more; 0 for a black picture.
    """
    light = _averaged(_bands(picture) @ LUMA, max(1, picture.shape[1] // FINEST_PX))
    steps = np.diff(light, axis=1)
    mean = float(light.mean())
    return float(np.square(steps).mean()) / mean**2 if mean > 0 and steps.size else 0.0


def _bands(picture: Picture) -> Plane:
    """Take `ROWS` pairs of neighboring rows, each averaged: (rows, width, 3)."""
    last = picture.shape[0] - 2
    tops = np.unique(np.linspace(0, last, min(ROWS, last + 1)).astype(int))
    bands: Plane = (picture[tops].astype(np.uint16) + picture[tops + 1]) * np.float32(0.5)
    return bands


def _averaged(light: Plane, width: int) -> Plane:
    """Average each `width` neighboring columns."""
    if width == 1:
        return light
    end = light.shape[1] // width * width
    total = light[:, :end:width].copy()
    for i in range(1, width):  # numpy's mean is slow along a short axis
        total += light[:, i:end:width]
    averaged: Plane = total / np.float32(width)
    return averaged


def _sharpness(bands: Plane, um_per_px: float) -> float | None:
    """Measure how steep the edges are, 0.2 to 1; None where there are none."""
    width = max(1, round(FINE_UM / um_per_px))
    light = _averaged(bands @ LUMA, width)
    reach = max(2, round(COARSE_UM / (width * um_per_px)))
    rises = np.abs(light[:, reach:] - light[:, :-reach])
    if rises.size == 0:
        return None
    steps = np.abs(np.diff(light, axis=1))
    count = rises.shape[1]
    steepest = steps[:, :count].copy()
    for i in range(1, reach):
        np.maximum(steepest, steps[:, i : i + count], out=steepest)
    edges = rises >= max(percentile(rises, STEEPEST), LEAST_RISE)
    if edges.mean() < 0.5 * (1 - STEEPEST / 100):
        return None
    return float(np.median(steepest[edges] / rises[edges]))


def _rough_scale(picture: Picture, blood: Sequence[Found]) -> float:
    """Guess micrometers per pixel where no ruler is to be had."""
    for kind, diameter_um in (("rbc", RED_CELL_UM), ("wbc", MEAN_WHITE_CELL_UM)):
        boxes = [cell.box for cell in blood if cell.kind == kind]
        if boxes:
            sides = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes]
            return diameter_um / max(1.0, float(np.median(sides)))
    width: int = picture.shape[1]
    return FIELD_UM / width


def _layers(grid: Grid, cells: Sequence[Found]) -> Counts:
    """Count how many cells lie over each place of a grid."""
    rows, columns = grid
    if not cells:
        return np.zeros((len(rows), len(columns)), np.uint16)
    box = np.array([cell.box for cell in cells], np.float32)
    center, half = (box[:, :2] + box[:, 2:]) / 2, np.maximum((box[:, 2:] - box[:, :2]) / 2, 0.5)
    x = np.square((columns.astype(np.float32) - center[:, :1]) / half[:, :1])
    y = np.square((rows.astype(np.float32) - center[:, 1:]) / half[:, 1:])
    over = x[:, None, :] + y[:, :, None] <= 1
    layers: Counts = over.sum(axis=0, dtype=np.uint16)
    return layers


def _grid(picture: Picture) -> Grid:
    """Spread `ROWS` x `COLUMNS` places over a picture: the rows and columns of their pixels."""
    height, width = picture.shape[:2]
    rows = (np.arange(ROWS) + 0.5) * height / ROWS
    columns = (np.arange(COLUMNS) + 0.5) * width / COLUMNS
    return rows.astype(np.int64), columns.astype(np.int64)


def _too_bright(picture: Picture, grid: Grid, under: Counts) -> bool:
    rows, columns = grid
    red, green, blue = np.moveaxis(picture[rows[:, None], columns] >= SATURATED, 2, 0)
    saturated = (red & green) | (blue & (red | green))  # two channels of three
    if not under.any():
        return bool(saturated.mean() > MOST_SATURATED_GLASS)
    return bool(saturated[under > 0].mean() > MOST_SATURATED)
