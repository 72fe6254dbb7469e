"""What a network's outputs say of each picture: class, probabilities, status, attributes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.bundle import Attribute, Bundle
from runtime.trust import softmax

# A network's outputs; `features` are what its last layer takes.
LOGITS, ATTRIBUTES, TEXTURES, ACTIVATION = "logits", "attributes", "textures", "activation"
FEATURES = "features"
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AttributeValue:
    """The most probable value of an attribute, and its probability."""

    value: str
    confidence: float


@dataclass(frozen=True)
class Judgement:
    """What is said of one cell; the fields are those of `runtime.answers.Classification`."""

    label: str
    confidence: float
    probabilities: Mapping[str, float]
    status: str | None
    prediction_set: list[str] | None
    attributes: Mapping[str, AttributeValue] | None
    unfamiliarity: float | None


def outputs_of(bundle: Bundle) -> list[str]:
    """Name the outputs of the network that its judgements need."""
    return [
        LOGITS,
        *([TEXTURES] if bundle.trust else []),
        *([ATTRIBUTES] if bundle.attributes else []),
    ]


def judge(bundle: Bundle, outputs: Mapping[str, Array]) -> Iterator[Judgement]:
    """Judge pictures by the network's outputs for them.

    Args:
        bundle: classes, attributes, and what its answers are worth.
        outputs: those of `outputs_of`, n rows each.

    Yields:
        n judgements.
    """
    ids = [c.id for c in bundle.classes]
    trust, logits = bundle.trust, outputs[LOGITS]
    values = _shares(bundle.attributes, outputs[ATTRIBUTES]) if bundle.attributes else None
    if trust:
        distances = trust.unfamiliarity(outputs[TEXTURES])
        rows = trust.probabilities(logits, distances)
    else:
        rows = softmax(logits)
    for i, row in enumerate(rows):
        probabilities = dict(zip(ids, row.tolist(), strict=True))
        label = ids[int(row.argmax())]
        confidence = probabilities[label]
        yield Judgement(
            label,
            confidence,
            probabilities,
            trust.status(confidence, float(distances[i])) if trust else None,
            trust.prediction_set(probabilities) if trust else None,
            _attributes(bundle.attributes, label, values[i]) if values is not None else None,
            float(distances[i]) if trust else None,
        )


def _attributes(
    attributes: tuple[Attribute, ...], label: str, shares: Array
) -> dict[str, AttributeValue] | None:
    """Read the attributes that cells of this class were taught with; None when there are none."""
    told, start = {}, 0
    for attribute in attributes:
        end = start + len(attribute.values)
        if label in attribute.of:
            own = shares[start:end].tolist()
            best = own.index(max(own))
            told[attribute.id] = AttributeValue(attribute.values[best], own[best])
        start = end
    return told or None


def _shares(attributes: tuple[Attribute, ...], logits: Array) -> Array:
    """Turn the logits of all attributes into the probabilities of the values of each."""
    counts = [len(attribute.values) for attribute in attributes]
    starts = np.cumsum([0, *counts[:-1]])
    with np.errstate(invalid="ignore"):  # as in `softmax`
        highest = np.repeat(np.maximum.reduceat(logits, starts, axis=1), counts, axis=1)
        raised = np.exp(logits.astype(np.float64) - highest)
        sums = np.repeat(np.add.reduceat(raised, starts, axis=1), counts, axis=1)
        return np.asarray(raised / sums, np.float32)
