"""What the marks of trust are worth: statuses, the order of answers, prediction sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.data.samples import Sample
from export.evaluation.metrics import Floats, Interval, Labels, area_under_risk, wilson
from export.evaluation.resample import bounds, resampled
from runtime.answers import Answer, Classification
from runtime.trust import CONFIDENT, UNCERTAIN, UNFAMILIAR

STATUSES = (CONFIDENT, UNCERTAIN, UNFAMILIAR)
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """So many of some answered pictures.

    Attributes:
        n: how many.
        of: how many there are.
        share: the first by the second.
        interval: its 95 % Wilson interval.
    """

    n: int
    of: int
    share: float
    interval: Interval


@dataclass(frozen=True)
class Status(Share):
    """The answers of one status.

    Attributes:
        accuracy: share of right ones among them; None where there are none.
        accuracy_interval: its 95 % Wilson interval; None as above.
    """

    accuracy: float | None
    accuracy_interval: Interval | None


@dataclass(frozen=True)
class Trusted:
    """What an evaluation says of trust; refused pictures have no part in it.

    Attributes:
        statuses: `confident`, `uncertain`, `unfamiliar`, each with its answers.
        coverage: share of prediction sets that hold the truth, 0 to 1.
        set_size: mean number of classes in a prediction set.
        aurc: area under the risk-coverage curve, see `metrics.area_under_risk`.
        intervals: the 95 % interval of each of the last three: Wilson's of `coverage`, the others
            by a bootstrap within the classes.
    """

    statuses: dict[str, Status]
    coverage: float
    set_size: float
    aurc: float
    intervals: dict[str, Interval]


@dataclass(frozen=True)
class Judged:
    """Answers with their marks of trust, as arrays of one length.

    Attributes:
        truth: (n,) number of each picture's class, any order.
        right: (n,) whether the label was right.
        rank: (n,) the higher, the sooner an answer is believed: confidence, 0 to 1, and one less
            than that where the picture is unfamiliar.
        status: (n,) of `STATUSES`.
        unfamiliarity: (n,) as in `runtime.trust`.
        held: (n,) whether the prediction set holds the truth.
        set_size: (n,) classes in it.
    """

    truth: Labels
    right: Bools
    rank: Floats
    status: npt.NDArray[np.str_]
    unfamiliarity: Floats
    held: Bools
    set_size: Floats


def judged(samples: Sequence[Sample], answers: Sequence[Answer]) -> Judged | None:
    """Gather the answers that bear marks of trust; None where the bundle has none.

    Args:
        samples: labelled pictures.
        answers: their answers, in the same order.
    """
    pairs = [
        (sample, answer)
        for sample, answer in zip(samples, answers, strict=True)
        if isinstance(answer, Classification) and answer.status is not None
    ]
    if not pairs:
        return None
    truth, given = [s.label for s, _ in pairs], [a for _, a in pairs]
    status = np.array([a.status for a in given])
    return Judged(
        truth=np.unique(truth, return_inverse=True)[1].astype(np.int64),
        right=np.array([a.label == label for label, a in zip(truth, given, strict=True)]),
        rank=np.array([a.confidence for a in given]) - (status == UNFAMILIAR),
        status=status,
        unfamiliarity=np.array([a.unfamiliarity for a in given], dtype=np.float64),
        held=np.array(
            [label in (a.prediction_set or ()) for label, a in zip(truth, given, strict=True)]
        ),
        set_size=np.array([len(a.prediction_set or ()) for a in given], dtype=np.float64),
    )


def trusted(found: Judged) -> Trusted:
    """Measure what the marks of trust of at least one answer are worth."""
    plain = np.ones((1, len(found.right)))

    def risk(weights: Floats) -> Floats:
        return area_under_risk(found.rank, found.right, weights)

    def size(weights: Floats) -> Floats:
        return np.asarray(weights @ found.set_size / weights.sum(axis=1))

    return Trusted(
        statuses={name: _status(found, name) for name in STATUSES},
        coverage=float(found.held.mean()),
        set_size=float(size(plain)[0]),
        aurc=float(risk(plain)[0]),
        intervals={
            "coverage": wilson(int(found.held.sum()), len(found.held)),
            "set_size": bounds(resampled(found.truth, size)),
            "aurc": bounds(resampled(found.truth, risk)),
        },
    )


def share(n: int, of: int) -> Share:
    """Count `n` of at least one picture."""
    return Share(n, of, n / of, wilson(n, of))


def _status(found: Judged, name: str) -> Status:
    own = found.status == name
    n, right = int(own.sum()), int((own & found.right).sum())
    return Status(
        **vars(share(n, len(own))),
        accuracy=right / n if n else None,
        accuracy_interval=wilson(right, n) if n else None,
    )
