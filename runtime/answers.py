"""The answers that every face shows, and the one function that turns them into JSON."""

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runtime.errors import HematoVisionError
from runtime.trust import UNFAMILIAR

UNTOLD = "untold"  # marks a field that enters no JSON
PART = "part"  # marks a field that enters JSON without these keys of its own, and not when None


@dataclass(frozen=True)
class ModelId:
    """Which network answered: bundle, version, variant, and the hash of its file."""

    name: str
    version: str
    variant: str
    sha256: str


@dataclass(frozen=True)
class Timing:
    """Milliseconds that one picture took; in a batch, `inference` is its share of the batch."""

    decode: float
    preprocess: float
    inference: float
    total: float


@dataclass(frozen=True)
class Classification:
    """What the network says of one picture of one cell.

    Attributes:
        source: the name that the picture was given under.
        width: width in pixels, upright.
        height: height in pixels, upright.
        label: id of the most probable class.
        confidence: probability of `label`, 0 to 1.
        probabilities: class id to probability, in the bundle's order, summing to 1.
        status: `confident`, `uncertain` or `unfamiliar`; None while the bundle has no thresholds.
        prediction_set: class ids that hold the truth at the bundle's coverage; None as above.
        attributes: morphology, attribute to value and confidence; None when the bundle has none.
        um_per_px: scale of the picture in micrometers per pixel, None when unknown.
        scale_source: what told the scale, see `runtime.scale`; None when unknown.
        ms: time taken.
        unfamiliarity: how little the picture looks like stained cells, see `runtime.trust`; for
            evaluations, and in no JSON, because the number means something within one bundle alone.
    """

    source: str
    width: int
    height: int
    label: str
    confidence: float
    probabilities: Mapping[str, float]
    status: str | None
    prediction_set: Sequence[str] | None
    attributes: Mapping[str, Any] | None
    um_per_px: float | None
    scale_source: str | None
    ms: Timing
    unfamiliarity: float | None = field(default=None, metadata={UNTOLD: True})


@dataclass(frozen=True)
class Problem:
    """Why something was not answered: a stable code and a sentence for a person."""

    code: str
    message: str


@dataclass(frozen=True)
class Refusal:
    """A picture that was not answered."""

    source: str
    error: Problem

    @classmethod
    def of(cls, source: str, error: HematoVisionError) -> "Refusal":
        """Keep a deliberate error as the answer for `source`."""
        return cls(source, Problem(error.code, str(error)))


Answer = Classification | Refusal


@dataclass(frozen=True)
class Summary:
    """How many pictures were answered and refused, and how many of each class were found.

    Attributes:
        answered: pictures with an answer, the sum of `counts`.
        refused: pictures without one.
        counts: class id to pictures; unfamiliar ones are of no class but counted as `unfamiliar`.
    """

    answered: int
    refused: int
    counts: Mapping[str, int]


@dataclass(frozen=True)
class ClassifyDocument:
    """The document of `classify --json` and of `POST /api/v1/classify`."""

    model: ModelId
    results: Sequence[Answer]
    summary: Summary
    schema: str = "hematovision.classify/1"


def document(model: ModelId, answers: Iterable[Answer]) -> ClassifyDocument:
    """Gather answers into the document that is sent or printed."""
    results = list(answers)
    counts = Counter(
        UNFAMILIAR if a.status == UNFAMILIAR else a.label
        for a in results
        if isinstance(a, Classification)
    )
    summary = Summary(counts.total(), len(results) - counts.total(), dict(sorted(counts.items())))
    return ClassifyDocument(model, results, summary)


def to_json(answer: object) -> Any:
    """Turn an answer into what `json.dumps` takes; floats are rounded here and nowhere else.

    Args:
        answer: any dataclass of this module, or a mapping, sequence or plain value in one.

    Returns:
        dicts, lists, strings, numbers and None; floats keep 6 significant digits, and one that is
        not finite becomes None. Times are written in UTC to the millisecond, as ISO 8601.
    """
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        fields = dict(_told(answer))
        if "schema" in fields:
            fields = {"schema": fields.pop("schema"), **fields}
        return to_json(fields)
    if isinstance(answer, Mapping):
        return {str(key): to_json(value) for key, value in answer.items()}
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return [to_json(item) for item in answer]
    if isinstance(answer, float):
        return float(f"{answer:.6g}") if math.isfinite(answer) else None
    if isinstance(answer, datetime):
        return answer.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return answer


def _told(answer: Any) -> Iterator[tuple[str, Any]]:
    """Give the fields of a dataclass, whichever it is, that enter JSON."""
    for each in dataclasses.fields(answer):
        value = getattr(answer, each.name)
        if PART in each.metadata and value is not None:
            left_out = each.metadata[PART]
            yield each.name, {k: v for k, v in _told(value) if k not in left_out}
        elif UNTOLD not in each.metadata and PART not in each.metadata:
            yield each.name, value
