"""A bundle's detector on fields with boxes: how well it finds each kind of cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from export.data.boxes import upright_size
from export.data.fields import Field
from export.detector.judge import LEAST, arrays
from export.detector.matching import Matches, Rates, match, rates
from export.detector.scenes import kind_of
from export.evaluation.resample import bounds, resampled
from runtime.answers import Refusal
from runtime.detection import KINDS, Boxes, Found
from runtime.detector import Detector
from runtime.errors import ImageError
from runtime.images import decode

FIGURES = ("precision", "recall", "f1", "ap50", "count_error")


@dataclass(frozen=True)
class Answers:
    """What a detector found in fields.

    Attributes:
        fields: the fields.
        sizes: width and height of each in pixels.
        found: all cells of each above `LEAST`; none in one that was refused.
        refusals: fields that could not be read, and why.
    """

    fields: Sequence[Field]
    sizes: Sequence[tuple[int, int]]
    found: Sequence[Sequence[Found]]
    refusals: Sequence[Refusal]


@dataclass(frozen=True)
class KindFigures:
    """How well one kind of cell is found.

    Attributes:
        labelled: cells clear of the edge that are labelled.
        precision: of the cells told, the share that is labelled.
        recall: of the labelled cells, the share that is told.
        f1: the harmonic mean of both.
        ap50: average precision of everything above `LEAST`, at an intersection over union of 0.5.
        count_error: median over fields of |told - labelled| / labelled.
        intervals: the 95 % interval of each, by drawing the fields anew.
    """

    labelled: int
    precision: float
    recall: float
    f1: float
    ap50: float
    count_error: float
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Detection:
    """How well a detector does on a set; only kinds that the set has labels of."""

    n: int
    refused: int
    kinds: Mapping[str, KindFigures]


def answer_all(detector: Detector, fields: Sequence[Field], title: str) -> Answers:
    """Find the cells of fields; one that cannot be read has none."""
    sizes, found, refusals = [], [], []
    for field in tqdm(fields, title, unit="field", disable=None):
        try:
            picture = decode(field.path)
        except ImageError as error:
            refusals.append(Refusal.of(str(field.path), error))
            sizes.append(upright_size(field.path) or (0, 0))
            found.append([])
            continue
        sizes.append((picture.shape[1], picture.shape[0]))
        found.append(detector.detect(picture, LEAST))
    return Answers(fields, sizes, found, refusals)


def by_kind(answers: Answers) -> dict[str, Matches]:
    """Match what was found with what is labelled, kind by kind."""
    return {
        kind: match(
            [arrays(cells, kind) for cells in answers.found],
            [_labelled(field, place) for field in answers.fields],
            answers.sizes,
        )
        for place, kind in enumerate(KINDS)
    }


def _labelled(field: Field, place: int) -> Boxes:
    boxes = [m.box for m in field.boxes if kind_of(m.kind) == place]
    return np.array(boxes, np.float32).reshape(-1, 4)


def figures(answers: Answers, thresholds: Mapping[str, float]) -> Detection:
    """Compute every figure, with intervals."""
    kinds = {
        kind: _figures(found, thresholds[kind])
        for kind, found in by_kind(answers).items()
        if found.labelled.any()
    }
    return Detection(len(answers.fields), len(answers.refusals), kinds)


def _figures(found: Matches, threshold: float) -> KindFigures:
    whole = rates(found, threshold)
    same = np.zeros(found.fields, np.int64)  # one stratum: any field may stand for any other
    drawn = resampled(same, lambda weights: _table(rates(found, threshold, weights)))
    return KindFigures(
        int(found.labelled.sum()),
        **{name: float(getattr(whole, name)[0]) for name in FIGURES},
        intervals={name: bounds(drawn[:, i]) for i, name in enumerate(FIGURES)},
    )


def _table(found: Rates) -> np.ndarray:
    return np.stack([getattr(found, name) for name in FIGURES], axis=1)


def mean_f1(answers: Answers, thresholds: Mapping[str, float]) -> float:
    """Return the mean of F1 over the kinds that are labelled."""
    found = by_kind(answers)
    scores = [rates(m, thresholds[k]).f1[0] for k, m in found.items() if m.labelled.any()]
    return float(np.mean(scores))
