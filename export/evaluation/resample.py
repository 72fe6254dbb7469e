"""The stratified bootstrap: how far a figure would move with other pictures of the same kinds.

Each class keeps its number of pictures and draws them anew from its own, so the intervals say
nothing of another mix of classes, and nothing of other patients or laboratories. Bounds are
percentiles of the resampled figures (Efron and Tibshirani 1993, chapter 13).
"""

from collections.abc import Callable

import numpy as np

from export.evaluation.metrics import Floats, Interval, Labels

RESAMPLES = 1000
SEED = 20170806
PERCENTILES = (2.5, 97.5)
# Weights that are held at once: 32 MB, a few such arrays at a time.
CHUNK = 4_000_000


def resampled_confusion(counts: Labels) -> Labels:
    """Draw confusion matrices as if every class had drawn its pictures anew.

    A row of the matrix is all that such a draw changes, so it is drawn as a multinomial.

    Args:
        counts: (classes, columns) of pictures.

    Returns:
        (RESAMPLES, classes, columns).
    """
    rng = np.random.default_rng(SEED)
    held = counts.sum(axis=1)
    shares = counts / np.maximum(held, 1)[:, None]
    shares[held == 0, 0] = 1.0
    return rng.multinomial(held, shares, size=(RESAMPLES, len(counts)))


def resampled(truth: Labels, figure: Callable[[Floats], Floats]) -> Floats:
    """Compute a figure of pictures that every class has drawn anew.

    Args:
        truth: (n,) class numbers, at least one.
        figure: takes (rows, n) weights and returns (rows,) figures, or (rows, k) for k at once.

    Returns:
        (RESAMPLES,) figures, or (RESAMPLES, k).
    """
    rng = np.random.default_rng(SEED)
    strata = [np.flatnonzero(truth == label) for label in np.unique(truth)]
    rows = max(1, CHUNK // len(truth))
    parts = []
    for start in range(0, RESAMPLES, rows):
        weights = np.zeros((min(rows, RESAMPLES - start), len(truth)))
        for own in strata:
            even = np.full(len(own), 1 / len(own))
            weights[:, own] = rng.multinomial(len(own), even, size=len(weights))
        parts.append(figure(weights))
    return np.concatenate(parts)


def bounds(figures: Floats) -> Interval:
    """Return the 95 % percentile interval of (resamples,) figures."""
    low, high = np.percentile(figures, PERCENTILES)
    return float(low), float(high)
