"""How right a network is, in figures with their 95 % intervals."""

from dataclasses import dataclass

import numpy as np

from export.metrics import (
    Floats,
    Interval,
    Labels,
    calibration_error,
    confusion,
    macro_auc,
    recall_precision_f1,
    wilson,
)
from export.resample import bounds, resampled, resampled_confusion


@dataclass(frozen=True)
class Scores:
    """Figures of one network on one data set; macro means over the classes that the set holds.

    Attributes:
        accuracy: share of right labels, 0 to 1; a refused picture is wrong.
        interval: 95 % Wilson interval of `accuracy`.
        macro_recall: mean recall; a refused picture is wrong.
        macro_precision: mean precision.
        macro_f1: mean F1.
        macro_auc: mean area under the ROC curve, each class against the rest, of answered
            pictures; None where they are all of one class.
        ece: expected calibration error, 0 to 1, of answered pictures.
        intervals: name of each figure from `macro_recall` to `ece` to its 95 % interval, by a
            bootstrap within the classes; a figure that is None has none. The error of a resample
            can only add to that of the sample, so that of `ece` lies rather high.
    """

    accuracy: float
    interval: Interval
    macro_recall: float
    macro_precision: float
    macro_f1: float
    macro_auc: float | None
    ece: float
    intervals: dict[str, Interval]


def label_counts(truth: Labels, probabilities: Floats) -> Labels:
    """Count truths against the most probable classes, the last column for refused pictures.

    Args:
        truth: (n,) class numbers.
        probabilities: (n, classes); not finite for a refused picture.

    Returns:
        (classes, classes + 1) counts.
    """
    classes = probabilities.shape[1]
    answered = np.isfinite(probabilities).all(axis=1)
    return confusion(truth, np.where(answered, probabilities.argmax(axis=1), classes), classes)


def score(truth: Labels, probabilities: Floats) -> Scores:
    """Hold probabilities against the truth.

    Args:
        truth: (n,) class numbers.
        probabilities: (n, classes); not finite for a refused picture, at least one is not refused.
    """
    counts = label_counts(truth, probabilities)
    right, held = int(np.trace(counts)), counts.sum(axis=1) > 0
    macros = dict(zip(("macro_recall", "macro_precision", "macro_f1"), _macros(counts, held)))
    spread = dict(zip(macros, _macros(resampled_confusion(counts), held)))

    answered = np.isfinite(probabilities).all(axis=1)
    truth, probabilities = truth[answered], probabilities[answered]
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth

    def auc(weights: Floats) -> Floats | None:
        return macro_auc(truth, probabilities, weights)

    def ece(weights: Floats) -> Floats:
        return calibration_error(confidence, hit, weights)

    plain = np.ones((1, len(truth)))
    area = auc(plain)
    if area is not None:
        spread["macro_auc"] = resampled(truth, auc)
    spread["ece"] = resampled(truth, ece)
    return Scores(
        accuracy=right / int(counts.sum()),
        interval=wilson(right, int(counts.sum())),
        **{name: float(value) for name, value in macros.items()},
        macro_auc=None if area is None else float(area[0]),
        ece=float(ece(plain)[0]),
        intervals={name: bounds(figures) for name, figures in spread.items()},
    )


def among(probabilities: Floats, held: Labels) -> Floats:
    """Share the probabilities out among some classes, as if no other could be answered.

    Args:
        probabilities: (n, classes).
        held: numbers of the classes that may be answered.

    Returns:
        (n, classes), 0 for the other classes, each row adding up to 1.
    """
    kept = np.zeros_like(probabilities)
    kept[:, held] = probabilities[:, held]
    return kept / np.maximum(kept.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)


def _macros(counts: Labels, held: Labels) -> list[Floats]:
    return [values[..., held].mean(axis=-1) for values in recall_precision_f1(counts)]
