"""Pictures that are no stained cells: of their answers only the status counts, not the name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.data.samples import Sample
from export.evaluation.evaluate import Mistake, answer_all, load_engines, unanswered
from export.evaluation.metrics import Floats
from export.evaluation.trusted import STATUSES, Share, share
from runtime.answers import Answer, Classification, Refusal
from runtime.bundle import Bundle
from runtime.errors import BundleError
from runtime.trust import UNFAMILIAR


@dataclass(frozen=True)
class Strange:
    """What was made of pictures that are no cells.

    Attributes:
        n: pictures.
        refused: pictures that were not answered; they have no part in the shares.
        statuses: `confident`, `uncertain`, `unfamiliar`: so many of the answers.
        unfamiliar: class of the data, such as a folder's name, to those of its answers that were
            called unfamiliar.
    """

    n: int
    refused: int
    statuses: dict[str, Share]
    unfamiliar: dict[str, Share]


@dataclass(frozen=True)
class StrangeMeasurement:
    """A bundle on pictures that are no cells.

    Attributes:
        variants: `int8`, `fp32` to what was made of them.
        passed: what the first variant did not call unfamiliar, the surest first.
        refusals: pictures that were not answered, and why.
        unfamiliarity: (answered,) as in `runtime.trust`, of the first variant.
    """

    variants: dict[str, Strange]
    passed: list[Mistake]
    refusals: list[Refusal]
    unfamiliarity: Floats


def measure_strange(
    bundle: Path, samples: Sequence[Sample], title: str, variant: str | None = None
) -> StrangeMeasurement:
    """Let a bundle answer pictures that are no cells, and count what it calls unfamiliar.

    Args:
        bundle: folder of the bundle.
        samples: pictures of any class, at least one.
        title: what the progress bars say.
        variant: the one to measure; None takes every one, the default first.

    Raises:
        BundleError: the bundle cannot be used, or it calls nothing unfamiliar.
        DatasetError: no picture could be answered.
    """
    engines = load_engines(bundle, variant)
    refuse_trustless(engines[0].bundle)
    answers = {
        e.model.variant: answer_all(e, samples, f"{title}, {e.model.variant}") for e in engines
    }
    shown = answers[engines[0].model.variant]
    named = [a for a in shown if isinstance(a, Classification)]
    passed = [
        (sample, answer)
        for sample, answer in zip(samples, shown, strict=True)
        if isinstance(answer, Classification) and answer.status != UNFAMILIAR
    ]
    return StrangeMeasurement(
        variants={name: count(samples, given) for name, given in answers.items()},
        passed=sorted(
            (Mistake(s.path, s.box, s.label, a.label, a.confidence) for s, a in passed),
            key=lambda m: -m.confidence,
        ),
        refusals=[a for a in shown if isinstance(a, Refusal)],
        unfamiliarity=np.array([a.unfamiliarity for a in named], dtype=np.float64),
    )


def count(samples: Sequence[Sample], answers: Sequence[Answer]) -> Strange:
    """Count the statuses of answers to pictures that are no cells, in the same order.

    Raises:
        DatasetError: no picture was answered.
    """
    pairs = [
        (sample.label, answer.status)
        for sample, answer in zip(samples, answers, strict=True)
        if isinstance(answer, Classification)
    ]
    if not pairs:
        raise unanswered(answers)
    labels = [label for label, _ in pairs]
    return Strange(
        n=len(samples),
        refused=len(samples) - len(pairs),
        statuses={
            name: share(sum(status == name for _, status in pairs), len(pairs)) for name in STATUSES
        },
        unfamiliar={
            label: share(pairs.count((label, UNFAMILIAR)), labels.count(label))
            for label in sorted(set(labels))
        },
    )


def refuse_trustless(bundle: Bundle) -> None:
    """Refuse a bundle that calls no picture unfamiliar.

    Raises:
        BundleError: it has no thresholds.
    """
    if bundle.trust is None:
        raise BundleError(
            "bundle_incompatible",
            f"{bundle.path} has no thresholds, so that it calls no picture unfamiliar: name "
            "another bundle, or convert and publish this one anew",
        )
