"""What a network should say at each place of a view, and how much each place counts."""

import numpy as np
import numpy.typing as npt

from export.detector.parts import STRIDE
from export.detector.views import View
from runtime.detection import KINDS

Floats = npt.NDArray[np.float32]

# Half axes of the bumps in the heat map, as shares of a cell's, and of their sigma (TTFNet).
SPREAD, SIGMAS = 0.54, 3.0
# A place that is so much part of a cell's bump is never ignored.
PART_OF_A_BUMP = 0.05


def targets(view: View) -> tuple[Floats, Floats]:
    """Draw a view's cells.

    Returns:
        (rows, columns, 2 * kinds): heat maps, 1 at the center of each cell and falling around it,
        then how much each place of them counts, 0 or 1;
        (rows, columns, 5): x0, y0, x1, y1 of the box at each place, then how much it counts, 1 in
        all for each cell.
    """
    places = view.pixels.shape[0] // STRIDE
    heat = np.zeros((places, places, len(KINDS)), np.float32)
    counts = np.ones_like(heat)
    boxes = np.zeros((places, places, 5), np.float32)
    middle = (np.arange(places) + 0.5) * STRIDE
    x0, y0, x1, y1 = view.border
    near = ((middle < x0) | (middle > x1))[None, :] | ((middle < y0) | (middle > y1))[:, None]
    counts[near] = 0
    for box in view.boxes[~view.wanted]:
        rows, columns = _covered(box, places)
        counts[rows, columns] = 0
    size = (view.boxes[:, 2:] - view.boxes[:, :2]).prod(axis=1)
    for i in np.argsort(-size):  # large cells first: a smaller one keeps its places
        if not view.wanted[i]:
            continue
        rows, columns, bump = _bump(view.boxes[i], places)
        kind = view.kinds[i]
        heat[rows, columns, kind] = np.maximum(heat[rows, columns, kind], bump)
        own = boxes[rows, columns]
        inside = bump > PART_OF_A_BUMP
        own[inside, :4] = view.boxes[i]
        own[inside, 4] = bump[inside] / bump[inside].sum()
    counts[heat > PART_OF_A_BUMP] = 1
    return np.concatenate([heat, counts], axis=-1), boxes


def _covered(box: Floats, places: int) -> tuple[slice, slice]:
    low, high = np.floor(box[:2] / STRIDE).astype(int), np.ceil(box[2:] / STRIDE).astype(int)
    low, high = np.clip(low, 0, places), np.clip(high, 0, places)
    return slice(low[1], high[1]), slice(low[0], high[0])


def _bump(box: Floats, places: int) -> tuple[slice, slice, Floats]:
    """Return where a cell's bump lies, and the bump: 1 at the place of the center."""
    center = np.clip(((box[:2] + box[2:]) / 2 / STRIDE).astype(int), 0, places - 1)
    reach = np.maximum(1, (box[2:] - box[:2]) / STRIDE / 2 * SPREAD)
    sigma = (2 * reach + 1) / (2 * SIGMAS)
    low = np.maximum(0, center - reach.astype(int))
    high = np.minimum(places, center + reach.astype(int) + 1)
    x, y = (np.arange(low[i], high[i]) - center[i] for i in (0, 1))
    bump = np.exp(-(x[None, :] ** 2) / (2 * sigma[0] ** 2) - y[:, None] ** 2 / (2 * sigma[1] ** 2))
    return slice(low[1], high[1]), slice(low[0], high[0]), bump.astype(np.float32)
