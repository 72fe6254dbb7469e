"""Percentiles without the checks of numpy's own, which take ten times as long as the work."""

from typing import Any

import numpy as np
import numpy.typing as npt


def percentile(values: npt.NDArray[np.floating[Any]], percent: float) -> float:
    """Return the level that `percent` of the values lie below, as `np.percentile` does.

    Args:
        values: at least one, all finite; the answer is reckoned in their type.
        percent: 0 to 100; between two values it interpolates linearly.
    """
    place = (values.size - 1) * (percent / 100)
    below = int(place)
    above = min(below + 1, values.size - 1)
    ranked = np.partition(values, (below, above), axis=None)
    low, high, part = ranked[below], ranked[above], place - below
    # As numpy does, from the nearer of both: so the digits are the same.
    return float(low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part))
