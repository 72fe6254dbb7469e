"""How right a network is, in figures with their 95 % intervals."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.evaluation.metrics import (
    Floats,
    Interval,
    Labels,
    calibration_error,
    confusion,
    macro_auc,
    recall_precision_f1,
    wilson,
)
from export.evaluation.resample import bounds, resampled, resampled_confusion


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
        ece: expected calibration error, 0 to 1, of answered pictures; where they are few, chance
            alone raises it.
        intervals: name of each figure from `macro_recall` to `ece` to its 95 % interval, by a
            bootstrap within the classes; a figure that is None has none.
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
    macros, spread = _macros(counts, held), _macros(resampled_confusion(counts), held)

    answered = np.isfinite(probabilities).all(axis=1)
    truth, probabilities = truth[answered], probabilities[answered]
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth

    def auc(weights: Floats) -> Floats:
        return macro_auc(truth, probabilities, weights)

    def ece(weights: Floats) -> Floats:
        return calibration_error(confidence, hit, weights)

    plain = np.ones((1, len(truth)))
    area = None
    if len(np.unique(truth)) > 1:
        area, spread["macro_auc"] = float(auc(plain)[0]), resampled(truth, auc)
    error, errors = float(ece(plain)[0]), resampled(truth, ece)
    # Drawing again adds gaps by chance, which raise the error on average: they are taken off.
    spread["ece"] = np.maximum(0, errors - max(0, errors.mean() - error))
    return Scores(
        accuracy=right / int(counts.sum()),
        interval=wilson(right, int(counts.sum())),
        **{name: float(value) for name, value in macros.items()},
        macro_auc=area,
        ece=error,
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
    total = np.maximum(kept.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(kept / total)


def _macros(counts: Labels, held: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """Average over the classes that are held; counts are (..., classes, classes + 1)."""
    recall, precision, f1 = (of[..., held].mean(axis=-1) for of in recall_precision_f1(counts))
    return {"macro_recall": recall, "macro_precision": precision, "macro_f1": f1}
