"""Figures of merit as pure functions: what was right, how well ranked, how honestly confident.

`truth` is always (n,) int64 class numbers, `probabilities` (n, classes) float. Where a function
takes `weights`, (resamples, n), it gives one figure a row: a picture that a resample drew twice
weighs 2. `resample.py` makes such rows; a single row of ones gives the plain figure.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_95 = 1.959964
BINS = 15  # of the confidence, as in Guo et al. 2017 (arXiv:1706.04599)

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Reliability:
    """Confidence against truth in `BINS` equal steps of confidence from 0 to 1.

    Attributes:
        count: pictures in each bin.
        confidence: their mean confidence; None in an empty bin.
        accuracy: their share of right answers; None in an empty bin.
    """

    count: list[int]
    confidence: list[float | None]
    accuracy: list[float | None]


def confusion(truth: Labels, found: Labels, classes: int) -> Labels:
    """Count truths (rows) against answers (columns).

    Args:
        truth: (n,) class numbers.
        found: (n,) class numbers, or `classes` for a picture that was refused.
        classes: how many classes there are.

    Returns:
        (classes, classes + 1) counts, the last column for refused pictures.
    """
    cells = np.bincount(truth * (classes + 1) + found, minlength=classes * (classes + 1))
    return cells.reshape(classes, classes + 1)


def recall_precision_f1(counts: Labels | Floats) -> tuple[Floats, Floats, Floats]:
    """Judge each class.

    Args:
        counts: (..., classes, classes + 1) as from `confusion`.

    Returns:
        Three (..., classes) arrays. What was never found has precision and F1 of 0, as in
        scikit-learn; a class without pictures has recall 0 and belongs in no mean.
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    held, found = counts.sum(axis=-1), counts[..., :-1].sum(axis=-2)
    recall = right / np.maximum(held, 1)
    precision = right / np.maximum(found, 1)
    f1 = 2 * right / np.maximum(held + found, 1)
    return recall, precision, f1


def macro_auc(truth: Labels, probabilities: Floats, weights: Floats) -> Floats:
    """Average over the classes the area under the ROC curve, each class against the rest.

    The area is the share of pairs of one picture of the class and one of another in which the
    first has the higher probability, ties counting half (Hanley and McNeil 1982).

    Args:
        truth: (n,) class numbers, at least two different ones.
        probabilities: (n, classes).
        weights: (resamples, n); no class of `truth` may weigh 0 in any row.

    Returns:
        (resamples,) means over the classes that have pictures, 0 to 1.
    """
    areas = []
    for label in np.unique(truth):
        own, others = np.flatnonzero(truth == label), np.flatnonzero(truth != label)
        others = others[np.argsort(probabilities[others, label])]
        below = np.cumsum(np.pad(weights[:, others], ((0, 0), (1, 0))), axis=1)
        scores = probabilities[own, label]
        first = np.searchsorted(probabilities[others, label], scores, "left")
        last = np.searchsorted(probabilities[others, label], scores, "right")
        won = (weights[:, own] * (below[:, first] + below[:, last]) / 2).sum(axis=1)
        areas.append(won / (weights[:, own].sum(axis=1) * below[:, -1]))
    return np.asarray(np.mean(areas, axis=0))


def calibration_error(confidence: Floats, right: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the expected calibration error (Guo et al. 2017): confidence against accuracy.

    Args:
        confidence: (n,) probability of the answer, at least one.
        right: (n,) whether the answer was right.
        weights: (resamples, n).

    Returns:
        (resamples,) mean over the pictures of |confidence - accuracy| of their bin, 0 to 1.
    """
    of_bin = _bins(confidence)[:, None] == np.arange(BINS)
    gaps = weights @ (of_bin * (confidence - right)[:, None])
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=1))


def reliability(confidence: Floats, right: npt.NDArray[np.bool_]) -> Reliability:
    """Gather (n,) confidences and whether the answers were right into bins."""
    bins = _bins(confidence)
    parts = [bins == i for i in range(BINS)]
    return Reliability(
        [int(part.sum()) for part in parts],
        [float(confidence[part].mean()) if part.any() else None for part in parts],
        [float(right[part].mean()) if part.any() else None for part in parts],
    )


def risk_coverage(
    rank: Floats, right: npt.NDArray[np.bool_], weights: Floats
) -> tuple[Floats, Floats]:
    """Follow the share of wrong answers as more of them are believed (El-Yaniv and Wiener 2010).

    Args:
        rank: (n,) the higher, the sooner an answer is believed; equal ones are believed together.
        right: (n,) whether the answer was right.
        weights: (resamples, n), no row all 0.

    Returns:
        Coverage, the share of pictures whose answer is believed, and risk, the share of wrong ones
        among them: (resamples, steps) each, a step for each different rank, coverage ending at 1.
    """
    order = np.argsort(-rank, kind="stable")
    starts = np.flatnonzero(np.diff(-rank[order], prepend=-np.inf))
    believed = np.cumsum(np.add.reduceat(weights[:, order], starts, axis=1), axis=1)
    wrong = np.cumsum(np.add.reduceat((weights * ~right)[:, order], starts, axis=1), axis=1)
    return believed / believed[:, -1:], wrong / np.maximum(believed, 1)


def area_under_risk(rank: Floats, right: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the area under the risk-coverage curve, AURC (Geifman et al. 2019, arXiv 1805.08206).

    It is the risk averaged over all coverages: low where few are wrong, and these ranked last.

    Args:
        rank: as in `risk_coverage`.
        right: as in `risk_coverage`.
        weights: as in `risk_coverage`.

    Returns:
        (resamples,) areas, 0 to 1.
    """
    coverage, risk = risk_coverage(rank, right, weights)
    return np.asarray((np.diff(coverage, axis=1, prepend=0) * risk).sum(axis=1))


def wilson(right: int, n: int, z: float = Z_95) -> Interval:
    """Return the score interval of a share (Wilson 1927, doi 10.1080/01621459.1927.10502953).

    Args:
        right: successes.
        n: trials, at least 1.
        z: normal quantile, 1.96 for 95 %.
    """
    share = right / n
    middle = share + z * z / (2 * n)
    half = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    scale = 1 + z * z / n
    # The formula gives the bounds 0 and 1 exactly, floating point only nearly.
    low = 0.0 if right == 0 else (middle - half) / scale
    return low, 1.0 if right == n else (middle + half) / scale


def paired_difference(gained: int, lost: int, n: int, z: float = Z_95) -> Interval:
    """Return the interval of the difference of two accuracies on the same pictures.

    Wald's interval with half a picture added to each of the four cells, which keeps its coverage
    for few discordant pairs (Agresti and Min 2005, doi 10.1002/sim.1781).

    Args:
        gained: pictures that only the first got right.
        lost: pictures that only the second got right.
        n: pictures.
        z: normal quantile, 1.96 for 95 %.

    Returns:
        Bounds of accuracy of the first minus accuracy of the second, -1 to 1.
    """
    total, discordant = n + 2, gained + lost + 1
    difference = (gained - lost) / total
    half = z * float(np.sqrt(discordant - (gained - lost) ** 2 / total)) / total
    return max(-1.0, difference - half), min(1.0, difference + half)


def _bins(confidence: Floats) -> Labels:
    """Number the bins, each open below and closed above."""
    return np.asarray(np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1), dtype=np.int64)
