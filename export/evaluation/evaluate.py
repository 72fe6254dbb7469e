"""Measure a bundle on labelled pictures, through `runtime` as a user would meet it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.data.arrays import targets
from export.data.samples import Sample
from export.errors import DatasetError
from export.evaluation.metrics import (
    Floats,
    Interval,
    Labels,
    Reliability,
    paired_difference,
    recall_precision_f1,
    reliability,
    wilson,
)
from export.evaluation.morphology import Morphology, morphology
from export.evaluation.scores import Scores, among, label_counts, score
from export.evaluation.trusted import Judged, Trusted, judged, trusted
from runtime.answers import Answer, Classification, Refusal
from runtime.bundle import Attribute
from runtime.crops import crop
from runtime.detection import Box
from runtime.engine import Engine
from runtime.errors import ImageError
from runtime.images import Source, decode

REFUSED = "(refused)"


@dataclass(frozen=True)
class Evaluation(Scores):
    """What was found on one data set, any class of the bundle being a possible answer.

    Attributes:
        n: pictures.
        refused: pictures that were not answered: wrong, and without confidence.
        recall: class id to recall, for the classes that the set holds.
        recall_intervals: their 95 % Wilson intervals.
        precision: class id to precision, for the same classes.
        f1: class id to F1, for the same classes.
        accuracy_among: accuracy when only the classes that the set holds may be answered.
        among: all figures under that condition.
        confusion: truth to found to count; `(refused)` is found for a refused picture.
        reliability: confidence against accuracy of the answered pictures.
        trust: what status, order and prediction sets are worth; None where the bundle has none.
        attributes: how right the attributes are; None where bundle or data tell none.
    """

    n: int
    refused: int
    recall: dict[str, float]
    recall_intervals: dict[str, Interval]
    precision: dict[str, float]
    f1: dict[str, float]
    accuracy_among: float
    among: Scores
    confusion: dict[str, dict[str, int]]
    reliability: Reliability
    trust: Trusted | None
    attributes: Morphology | None


@dataclass(frozen=True)
class Comparison:
    """int8 beside fp32 on the same pictures.

    Attributes:
        n: pictures that both answered.
        agreement: share of them that both label alike, 0 to 1.
        points_lost: accuracy of fp32 minus that of int8, in percentage points.
        interval: 95 % interval of `points_lost`, from the pictures that one alone got right.
    """

    n: int
    agreement: float
    points_lost: float
    interval: Interval


@dataclass(frozen=True)
class Mistake:
    """A cell that was named wrong, and how sure the network was of it; `box` as in `Sample`."""

    file: Path
    box: Box | None
    truth: str
    found: str
    confidence: float


@dataclass(frozen=True)
class Measurement:
    """A bundle on one data set.

    Attributes:
        variants: `int8`, `fp32` to what each is worth.
        int8_vs_fp32: how they differ; None where one is missing.
        mistakes: of the bundle's default variant, or the one that was asked for, surest first.
        refusals: pictures that were not answered, and why.
        judged: the same variant's answers with their marks of trust; None where it has none.
    """

    variants: dict[str, Evaluation]
    int8_vs_fp32: Comparison | None
    mistakes: list[Mistake]
    refusals: list[Refusal]
    judged: Judged | None


def measure(
    bundle: Path, samples: Sequence[Sample], title: str, variant: str | None = None
) -> Measurement:
    """Let a bundle answer labelled pictures, and hold its answers against the labels.

    Args:
        bundle: folder of the bundle.
        samples: pictures with class ids of the bundle, at least one.
        title: what the progress bars say.
        variant: the one to measure; None takes every one, the default first.

    Raises:
        BundleError: the bundle cannot be used.
        DatasetError: a label is not among the bundle's classes, or no picture could be answered.
    """
    engines = load_engines(bundle, variant)
    attributes = engines[0].bundle.attributes
    targets(samples, [c.id for c in engines[0].bundle.classes])
    answers = {
        e.model.variant: answer_all(e, samples, f"{title}, {e.model.variant}") for e in engines
    }
    shown = answers[engines[0].model.variant]
    return Measurement(
        variants={name: evaluate(samples, given, attributes) for name, given in answers.items()},
        int8_vs_fp32=compare(samples, answers["fp32"], answers["int8"])
        if {"int8", "fp32"} <= answers.keys()
        else None,
        mistakes=mistakes(samples, shown),
        refusals=[a for a in shown if isinstance(a, Refusal)],
        judged=judged(samples, shown),
    )


def load_engines(bundle: Path, variant: str | None) -> list[Engine]:
    """Open the variant that is asked for, or every one, the bundle's default first.

    Raises:
        BundleError: the bundle cannot be used.
    """
    engines = [Engine.load(bundle, variant)]
    if variant is None:
        first = engines[0].model.variant
        others = [name for name in engines[0].bundle.variants if name != first]
        engines += [Engine.load(bundle, name) for name in others]
    return engines


def answer_all(engine: Engine, samples: Sequence[Sample], title: str) -> list[Answer]:
    """Classify every sample, in order, with a progress bar."""
    pictures = ((str(s.path), _source(s)) for s in samples)
    bar = tqdm(engine.classify_each(pictures), title, len(samples), unit="pic", disable=None)
    return list(bar)


def _source(sample: Sample) -> Source:
    """Give the engine a whole picture by its path, and a cell of a field by its pixels."""
    if sample.box is None:
        return sample.path
    try:
        return crop(decode(sample.path), sample.box)
    except ImageError:  # the engine says why when it reads the path
        return sample.path


def evaluate(
    samples: Sequence[Sample], answers: Sequence[Answer], attributes: Sequence[Attribute] = ()
) -> Evaluation:
    """Hold answers against labels.

    Args:
        samples: labelled pictures, at least one.
        answers: their answers, in the same order.
        attributes: those of the bundle.

    Raises:
        DatasetError: no picture was answered, or a label is not among the answers' classes.
    """
    marks = judged(samples, answers)
    return replace(
        evaluate_arrays(*_arrays(samples, answers)),
        trust=trusted(marks) if marks else None,
        attributes=morphology(samples, answers, attributes),
    )


def evaluate_arrays(class_ids: Sequence[str], truth: Labels, probabilities: Floats) -> Evaluation:
    """Hold probabilities alone against the truth; nothing is known of statuses and attributes.

    Args:
        class_ids: the classes.
        truth: (n,) class numbers, at least one.
        probabilities: (n, classes); not finite for a refused picture.
    """
    counts, held = label_counts(truth, probabilities), np.unique(truth)
    total = score(truth, probabilities)
    own = score(truth, among(probabilities, held)) if len(held) < len(class_ids) else total
    answered = np.isfinite(probabilities).all(axis=1)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth

    def by_class(values: Floats) -> dict[str, float]:
        return {class_ids[i]: float(values[i]) for i in held}

    recall, precision, f1 = (by_class(values) for values in recall_precision_f1(counts))
    found = [*class_ids, REFUSED]
    return Evaluation(
        **vars(total),
        n=len(truth),
        refused=int((~answered).sum()),
        recall=recall,
        recall_intervals={
            class_ids[i]: wilson(int(counts[i, i]), int(counts[i].sum())) for i in held
        },
        precision=precision,
        f1=f1,
        accuracy_among=own.accuracy,
        among=own,
        confusion={
            class_ids[i]: {found[j]: int(counts[i, j]) for j in np.flatnonzero(counts[i])}
            for i in held
        },
        reliability=reliability(confidence[answered], right[answered]),
        trust=None,
        attributes=None,
    )


def compare(
    samples: Sequence[Sample], fp32: Sequence[Answer], int8: Sequence[Answer]
) -> Comparison:
    """Hold the answers of int8 against those of fp32 for the same samples."""
    pairs = list(zip((_label(a) for a in fp32), (_label(a) for a in int8), strict=True))
    both = [a == b for a, b in pairs if a is not None and b is not None]
    right = [(s.label == a, s.label == b) for s, (a, b) in zip(samples, pairs, strict=True)]
    gained, lost = right.count((True, False)), right.count((False, True))
    low, high = paired_difference(gained, lost, len(samples))
    return Comparison(
        n=len(both),
        agreement=sum(both) / max(1, len(both)),
        points_lost=100 * (gained - lost) / len(samples),
        interval=(100 * low, 100 * high),
    )


def mistakes(samples: Sequence[Sample], answers: Sequence[Answer]) -> list[Mistake]:
    """List what was named wrong, the surest first."""
    wrong = [
        Mistake(sample.path, sample.box, sample.label, answer.label, answer.confidence)
        for sample, answer in zip(samples, answers, strict=True)
        if isinstance(answer, Classification) and answer.label != sample.label
    ]
    return sorted(wrong, key=lambda m: -m.confidence)


def unanswered(answers: Sequence[Answer]) -> DatasetError:
    """Say that nothing could be measured, and why the first picture was refused."""
    reasons = [a.error.message for a in answers if isinstance(a, Refusal)]
    return DatasetError(
        "dataset", f"none of the {len(answers)} pictures could be answered ({reasons[0]})"
    )


def _label(answer: Answer) -> str | None:
    return answer.label if isinstance(answer, Classification) else None


def _arrays(
    samples: Sequence[Sample], answers: Sequence[Answer]
) -> tuple[list[str], Labels, Floats]:
    """Return class ids, (n,) truths and (n, classes) probabilities, NaN for a refused picture."""
    given = [a.probabilities if isinstance(a, Classification) else None for a in answers]
    class_ids = next((list(p) for p in given if p is not None), None)
    if class_ids is None:
        raise unanswered(answers)
    nothing = dict.fromkeys(class_ids, np.nan)
    rows = [[(p or nothing)[c] for c in class_ids] for p in given]
    return class_ids, targets(samples, class_ids), np.array(rows, dtype=np.float64)
