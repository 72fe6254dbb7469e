"""How right the attributes are, such as a nucleus's shape, where the data tell them of a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from export.data.samples import Sample
from export.evaluation.metrics import Floats, Interval, Labels, recall_precision_f1
from export.evaluation.resample import bounds, resampled
from runtime.answers import Answer, Classification
from runtime.bundle import Attribute


@dataclass(frozen=True)
class AttributeScore:
    """One attribute.

    Attributes:
        n: cells of which the data tell it.
        macro_f1: mean F1 over the values that these cells have, 0 to 1.
        interval: its 95 % interval, by a bootstrap within the classes of cells.
    """

    n: int
    macro_f1: float
    interval: Interval


@dataclass(frozen=True)
class Morphology:
    """All attributes of which the data tell.

    Attributes:
        n: cells of which at least one is told.
        macro_f1: mean over the attributes, 0 to 1.
        interval: its 95 % interval, by the same draws as those of the attributes.
        by_attribute: id to its score.
    """

    n: int
    macro_f1: float
    interval: Interval
    by_attribute: dict[str, AttributeScore]


def morphology(
    samples: Sequence[Sample], answers: Sequence[Answer], attributes: Sequence[Attribute]
) -> Morphology | None:
    """Hold told attributes against those of the data; None where no cell has any.

    An attribute that the answer does not tell, because the picture was refused or took the name of
    a class that has none, is a miss.

    Args:
        samples: labelled cells.
        answers: their answers, in the same order.
        attributes: those of the bundle; a value that is none of theirs counts as untold.
    """
    known = [dict(sample.attributes) for sample in samples]
    given = [(a.attributes or {}) if isinstance(a, Classification) else {} for a in answers]
    pairs = {a.id: (_truth(a, known), _found(a, given)) for a in attributes}
    told = {name: pair for name, pair in pairs.items() if (pair[0] >= 0).any()}
    if not told:
        return None
    values = {a.id: len(a.values) for a in attributes}
    cells = np.unique([s.label for s in samples], return_inverse=True)[1].astype(np.int64)

    def all_f1(weights: Floats) -> Floats:
        """Return (resamples, attributes)."""
        each = (_macro_f1(*told[name], values[name], weights) for name in told)
        return np.stack(list(each), axis=1)

    (plain,) = all_f1(np.ones((1, len(samples))))
    drawn = resampled(cells, all_f1)
    return Morphology(
        n=int(np.any([truth >= 0 for truth, _ in told.values()], axis=0).sum()),
        macro_f1=float(plain.mean()),
        interval=bounds(drawn.mean(axis=1)),
        by_attribute={
            name: AttributeScore(int((truth >= 0).sum()), float(score), bounds(column))
            for (name, (truth, _)), score, column in zip(told.items(), plain, drawn.T, strict=True)
        },
    )


def _truth(attribute: Attribute, known: Sequence[Mapping[str, str]]) -> Labels:
    """Number the (n,) values that the data tell, -1 for none."""
    place = {value: i for i, value in enumerate(attribute.values)}
    return np.array([place.get(cell.get(attribute.id, ""), -1) for cell in known])


def _found(attribute: Attribute, given: Sequence[Mapping[str, object]]) -> Labels:
    """Number the (n,) values that were answered, `len(values)` for none."""
    place = {value: i for i, value in enumerate(attribute.values)}
    values = [getattr(cell.get(attribute.id), "value", "") for cell in given]
    return np.array([place.get(value, len(place)) for value in values])


def _macro_f1(truth: Labels, found: Labels, values: int, weights: Floats) -> Floats:
    """Average F1 over the values that each of (resamples, n) weights holds, (resamples,)."""
    own = np.flatnonzero(truth >= 0)
    pairs = truth[own] * (values + 1) + found[own]
    counts = weights[:, own] @ np.eye(values * (values + 1))[pairs]
    counts = counts.reshape(len(weights), values, values + 1)
    _, _, f1 = recall_precision_f1(counts)
    held = counts.sum(axis=2) > 0
    return np.asarray((f1 * held).sum(axis=1) / np.maximum(1, held.sum(axis=1)))
