"""Measure a bundle on labelled pictures, through `runtime` as a user would meet it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.datasets import Sample, crop, targets
from runtime.answers import Answer, Classification
from runtime.engine import Engine
from runtime.errors import ImageError
from runtime.images import Source, decode

Z_95 = 1.959964


@dataclass(frozen=True)
class Evaluation:
    """What was found on one data set; a refused picture counts as wrong.

    Attributes:
        n: pictures.
        refused: pictures that were not answered.
        accuracy: share of right labels, 0 to 1.
        interval: 95 % Wilson interval of `accuracy`.
        macro_recall: mean of the recalls of the classes that the set holds.
        recall: class id to recall, for the classes that the set holds.
        accuracy_among: accuracy when only the classes that the set holds may be answered.
        confusion: truth to found to count; `(refused)` is found for a refused picture.
    """

    n: int
    refused: int
    accuracy: float
    interval: tuple[float, float]
    macro_recall: float
    recall: dict[str, float]
    accuracy_among: float
    confusion: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Comparison:
    """int8 beside fp32 on the same pictures.

    Attributes:
        n: pictures.
        agreement: share of pictures that both label alike, 0 to 1.
        points_lost: accuracy of fp32 minus that of int8, in percentage points.
    """

    n: int
    agreement: float
    points_lost: float


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


def evaluate(samples: Sequence[Sample], answers: Sequence[Answer]) -> Evaluation:
    """Hold answers against labels.

    Args:
        samples: labelled pictures, at least one.
        answers: their answers, in the same order.
    """
    present = sorted({s.label for s in samples})
    confusion: dict[str, dict[str, int]] = {label: {} for label in present}
    right_among = 0
    for sample, answer in zip(samples, answers, strict=True):
        found = answer.label if isinstance(answer, Classification) else "(refused)"
        row = confusion[sample.label]
        row[found] = row.get(found, 0) + 1
        if isinstance(answer, Classification):
            probabilities = answer.probabilities
            right_among += sample.label == max(present, key=lambda c: probabilities.get(c, 0.0))
    right = {label: row.get(label, 0) for label, row in confusion.items()}
    recall = {label: right[label] / sum(confusion[label].values()) for label in present}
    n = len(samples)
    return Evaluation(
        n=n,
        refused=sum(not isinstance(a, Classification) for a in answers),
        accuracy=sum(right.values()) / n,
        interval=wilson(sum(right.values()), n),
        macro_recall=float(np.mean(list(recall.values()))),
        recall=recall,
        accuracy_among=right_among / n,
        confusion=confusion,
    )


def compare(
    samples: Sequence[Sample], fp32: Sequence[Answer], int8: Sequence[Answer]
) -> Comparison:
    """Hold the answers of int8 against those of fp32 for the same samples."""
    labels = [
        (a.label, b.label)
        for a, b in zip(fp32, int8, strict=True)
        if isinstance(a, Classification) and isinstance(b, Classification)
    ]
    lost = evaluate(samples, fp32).accuracy - evaluate(samples, int8).accuracy
    agreement = sum(a == b for a, b in labels) / max(1, len(labels))
    return Comparison(len(labels), agreement, 100 * lost)


def wilson(right: int, n: int, z: float = Z_95) -> tuple[float, float]:
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
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def report(title: str, found: Evaluation) -> str:
    """Lay out an evaluation as aligned text: figures, then the confusion matrix."""
    low, high = (100 * bound for bound in found.interval)
    columns = sorted({c for row in found.confusion.values() for c in row} | found.confusion.keys())
    lines = [
        f"{title}: n {found.n}, refused {found.refused}, "
        f"accuracy {100 * found.accuracy:.2f} % (95 % interval {low:.2f} to {high:.2f}), "
        f"macro recall {100 * found.macro_recall:.2f} %, "
        f"among its own classes {100 * found.accuracy_among:.2f} %",
        "truth \\ found".ljust(16) + "".join(c[:9].rjust(11) for c in columns) + "   recall %",
    ]
    for label, row in found.confusion.items():
        counts = "".join(str(row.get(c, 0)).rjust(11) for c in columns)
        lines.append(label.ljust(16) + counts + f"{100 * found.recall[label]:11.2f}")
    return "\n".join(lines)


def evaluate_bundle(path: Path, samples: Sequence[Sample], variant: str | None) -> Evaluation:
    """Load a bundle and measure it on samples.

    Raises:
        BundleError: the bundle cannot be used.
        DatasetError: a label is not among the bundle's classes.
    """
    engine = Engine.load(path, variant)
    targets(samples, [c.id for c in engine.bundle.classes])
    return evaluate(samples, answer_all(engine, samples, engine.model.variant))
