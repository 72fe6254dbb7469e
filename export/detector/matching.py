"""Found cells against labelled ones: hits, misses, precision, recall, average precision.

Matched greedily by falling score at an intersection over union of 0.5. A cell that comes within
6 px of the picture's edge, labelled or found, is neither hit nor miss: sets box it or not, at whim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.detection import Boxes, overlaps

EDGE_PX = 6.0
SAME_CELL = 0.5

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Matches:
    """The found cells of one kind in some fields, against the labelled ones.

    Attributes:
        fields: how many fields there are.
        field: (n,) the field of each found cell, by falling score.
        scores: (n,).
        hit: (n,) whether it is a labelled cell.
        false: (n,) whether it is none.
        freed: (n,) whether it takes a labelled cell out of the count: found cut off at the edge.
        whole: (n,) whether it lies clear of the edge.
        labelled: (fields,) labelled cells clear of the edge.
    """

    fields: int
    field: Places
    scores: Floats
    hit: Flags
    false: Flags
    freed: Flags
    whole: Flags
    labelled: Places

    def at(self, threshold: float) -> "Matches":
        """Return what is left of them when a found cell needs so high a score."""
        kept = self.scores >= threshold
        return Matches(
            self.fields,
            self.field[kept],
            self.scores[kept],
            self.hit[kept],
            self.false[kept],
            self.freed[kept],
            self.whole[kept],
            self.labelled,
        )

    def in_field(self, flags: Flags) -> Places:
        """Count the found cells with a flag in each field, (fields,)."""
        return np.bincount(self.field[flags], minlength=self.fields)


def match(
    found: Sequence[tuple[Boxes, Floats]],
    labelled: Sequence[Boxes],
    sizes: Sequence[tuple[int, int]],
) -> Matches:
    """Match the cells of one kind, field by field.

    Args:
        found: boxes (n, 4) and scores (n,) of each field.
        labelled: boxes (m, 4) of each field.
        sizes: width and height of each field in pixels.
    """
    rows = [
        _of_field(*f, truth, size) for f, truth, size in zip(found, labelled, sizes, strict=True)
    ]
    field = np.repeat(np.arange(len(rows)), [len(r[0]) for r in rows])
    scores, hit, false, freed, whole = (
        np.concatenate([r[i] for r in rows]) if rows else np.zeros(0) for i in range(5)
    )
    order = np.argsort(-scores, kind="stable")
    clear = [
        int((~at_edge(truth, size)).sum()) for truth, size in zip(labelled, sizes, strict=True)
    ]
    return Matches(
        len(rows),
        field[order],
        scores[order],
        hit[order].astype(bool),
        false[order].astype(bool),
        freed[order].astype(bool),
        whole[order].astype(bool),
        np.array(clear, np.int64),
    )


def at_edge(boxes: Boxes, size: tuple[int, int]) -> Flags:
    """Tell which boxes come within `EDGE_PX` of the edge of a picture of (width, height)."""
    low = (boxes[:, :2] < EDGE_PX).any(axis=1)
    return np.asarray(low | (boxes[:, 2:] > np.array(size) - EDGE_PX).any(axis=1))


def _of_field(
    boxes: Boxes, scores: Floats, truth: Boxes, size: tuple[int, int]
) -> tuple[Floats, Flags, Flags, Flags, Flags]:
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    over = overlaps(boxes, truth)
    edge, truth_edge = at_edge(boxes, size), at_edge(truth, size)
    hit, false, freed = (np.zeros(len(boxes), bool) for _ in range(3))
    for i in range(len(boxes)):
        best = int(over[i].argmax()) if len(truth) else -1
        if best >= 0 and over[i, best] >= SAME_CELL:
            over[:, best] = -1
            hit[i] = not (edge[i] or truth_edge[best])
            freed[i] = edge[i] and not truth_edge[best]
        else:
            false[i] = not edge[i]
    return scores.astype(np.float64), hit, false, freed, ~edge


def f1_curve(found: Matches) -> Floats:
    """Return F1 for each of the found cells' scores as the threshold, (n,)."""
    hits, false, freed = (np.cumsum(f) for f in (found.hit, found.false, found.freed))
    total = found.labelled.sum() - freed
    return np.asarray(2 * hits / np.maximum(hits + false + total, 1))


def best_threshold(found: Matches) -> float:
    """Return the threshold of the best F1, halfway to the next lower score; 0.5 without any."""
    if not found.hit.any():
        return 0.5
    curve = f1_curve(found)
    best = int(curve.argmax())
    below = found.scores[found.scores < found.scores[best]]
    return float((found.scores[best] + (below[0] if len(below) else 0)) / 2)


@dataclass(frozen=True)
class Rates:
    """Precision, recall, F1 at a threshold; average precision of all that was found; count error.

    `count_error` is the median over fields of |found - labelled| / labelled, of cells clear of the
    edge. Each is of (rows,) resamples, or of one row with all fields.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    ap50: Floats
    count_error: Floats


def rates(found: Matches, threshold: float, weights: Floats | None = None) -> Rates:
    """Compute the figures of one kind.

    Args:
        found: all that was found at the least score.
        threshold: of the operating point.
        weights: (rows, fields) how often each field counts; None counts each once.
    """
    if weights is None:
        weights = np.ones((1, found.fields))
    told = found.at(threshold)
    hits, false, freed = (weights @ told.in_field(f) for f in (told.hit, told.false, told.freed))
    total = weights @ found.labelled - freed
    precision, recall = hits / np.maximum(hits + false, 1), hits / np.maximum(total, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    held = found.labelled > 0
    error = np.abs(told.in_field(told.whole) - found.labelled)[held] / found.labelled[held]
    return Rates(
        precision,
        recall,
        f1,
        np.array([_average_precision(found, row) for row in weights]),
        _weighted_medians(error, weights[:, held]),
    )


def precision_recall(found: Matches, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Return recall and the best precision at that or a higher recall, for each found cell."""
    each = np.ones(len(found.field)) if weights is None else weights[found.field]
    field_weights = np.ones(found.fields) if weights is None else weights
    total = found.labelled @ field_weights - (found.freed * each).sum()
    counted = found.hit | found.false
    each = each[counted]
    hits = np.cumsum(found.hit[counted] * each)
    precision = hits / np.maximum(np.cumsum(each), 1e-9)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return hits / max(total, 1), highest


def _average_precision(found: Matches, weights: Floats) -> float:
    recall, precision = precision_recall(found, weights)
    return float(np.sum(np.diff(recall, prepend=0) * precision))


def _weighted_medians(values: Floats, weights: Floats) -> Floats:
    if not len(values):
        return np.zeros(len(weights))
    order = np.argsort(values)
    upto = np.cumsum(weights[:, order], axis=1)
    place = (upto >= upto[:, -1:] / 2).argmax(axis=1)
    return values[order][place]
