"""The answers about whole fields; `runtime.answers.to_json` turns them into JSON as well."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.answers import PART, Classification, ModelId, Refusal
from runtime.detection import KINDS, Box, Kind
from runtime.differential import TARGETS, Differential, FieldCount, differential
from runtime.quality import Quality
from runtime.scale import EDGE_PX, ScaleSource


@dataclass(frozen=True)
class Cell:
    """A cell of a field.

    Attributes:
        id: its number in the field, from 1, by falling score.
        kind: white cell, red cell or platelet.
        box: x0, y0, x1, y1 in pixels of the picture, x1 and y1 exclusive.
        score: how sure the detector is that it is one, 0 to 1.
        touches_edge: whether the picture's edge may cut it off.
        diameter_um: size of its box, see `runtime.scale.diameter_um`; None without a scale.
        classification: what white cell it is, of the square cut out around it; None for others.
        counted: whether its score reaches the detector's own threshold; more are told, but not
            counted, to those who measure.
    """

    id: int
    kind: Kind
    box: Box
    score: float
    touches_edge: bool
    diameter_um: float | None
    classification: Classification | None = field(
        default=None, metadata={PART: ("source", "width", "height")}
    )
    counted: bool = True


@dataclass(frozen=True)
class FieldTiming:
    """Milliseconds that one field took; `total` is more than the sum of its parts."""

    decode: float
    detect: float
    classify: float
    total: float


@dataclass(frozen=True)
class FieldAnalysis:
    """What was found in one field.

    Attributes:
        source: the name that the picture was given under.
        width: width in pixels, upright.
        height: height in pixels, upright.
        um_per_px: scale in micrometers per pixel, None when unknown.
        um_per_px_interval: its 95 % interval.
        scale_source: what told the scale, see `runtime.scale.Scale`.
        white_balance: gains that make the glass neutral, see `runtime.color.white_balance`.
        quality: whether the field can be counted, and what is wrong with it.
        cells: by falling score; none where the field shows no blood cells.
        counts: kind to number of cells, those that touch the edge among them.
        ms: time taken.
    """

    source: str
    width: int
    height: int
    um_per_px: float | None
    um_per_px_interval: tuple[float, float] | None
    scale_source: ScaleSource | None
    white_balance: tuple[float, float, float]
    quality: Quality
    cells: Sequence[Cell]
    counts: Mapping[str, int]
    ms: FieldTiming


FieldAnswer = FieldAnalysis | Refusal


@dataclass(frozen=True)
class FieldModels:
    """The networks that answered: one finds cells, one names white cells."""

    detect: ModelId
    classify: ModelId


@dataclass(frozen=True)
class FieldSummary:
    """How many pictures were answered and refused."""

    answered: int
    refused: int


@dataclass(frozen=True)
class AnalyzeDocument:
    """The document of `analyze --json` and of `POST /api/v1/analyze`."""

    models: FieldModels
    results: Sequence[FieldAnswer]
    differential: Differential
    summary: FieldSummary
    schema: str = "hematovision.analyze/1"


def count(cells: Iterable[Cell]) -> dict[str, int]:
    """Count the cells of each kind, but for those that are only told."""
    found = Counter[str](cell.kind for cell in cells if cell.counted)
    return {kind: found[kind] for kind in KINDS}


def field_document(
    models: FieldModels,
    answers: Iterable[FieldAnswer],
    classes: Sequence[str],
    target: int = TARGETS[0],
) -> AnalyzeDocument:
    """Gather answers into the document that is sent or printed.

    Args:
        models: the networks that answered.
        answers: in the order in which the fields were taken.
        classes: ids of the classifier's classes.
        target: white cells to count.
    """
    results = list(answers)
    fields = [answer for answer in results if isinstance(answer, FieldAnalysis)]
    usable = (field_count(field) for field in fields if field.quality.usable)
    counted = differential(usable, classes, target)
    summary = FieldSummary(len(fields), len(results) - len(fields))
    return AnalyzeDocument(models, results, counted, summary)


def field_count(field: FieldAnalysis) -> FieldCount:
    """Give what a field adds to a differential: all white cells, and what its frame holds."""
    cells = [cell for cell in field.cells if cell.counted]
    white = [cell.classification for cell in cells if cell.classification]
    width, height = field.width - EDGE_PX, field.height - EDGE_PX
    framed = [cell for cell in cells if cell.box[2] <= width and cell.box[3] <= height]
    return FieldCount(white, count(framed), frame_um2(field.width, field.height, field.um_per_px))


def frame_um2(width: int, height: int, um_per_px: float | None) -> float | None:
    """Give the area of a field's counting frame, in square micrometers.

    Args:
        width: of the picture in pixels.
        height: of the picture in pixels.
        um_per_px: its scale; without one nothing is known.
    """
    return (width - EDGE_PX) * (height - EDGE_PX) * um_per_px**2 if um_per_px else None
