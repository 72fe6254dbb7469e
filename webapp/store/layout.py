"""How an analysis lies in the tables: white cells as rows, all other boxes as short lists."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from runtime.answers import Classification, Timing
from runtime.detection import Kind
from runtime.field_answers import Cell, FieldAnalysis, field_count
from runtime.trust import UNFAMILIAR
from webapp.record import Act, FieldFacts
from webapp.store.tables import CellRow, FieldRow
from webapp.store.tallies import model_class


def is_counted_white(cell: Cell) -> bool:
    """Tell whether a cell is a white one that counts: these lie in rows, others in short lists."""
    return cell.classification is not None and cell.counted


def columns_of_field(analysis: FieldAnalysis) -> dict[str, Any]:
    """Lay out an analysis, but for the white cells that count, as columns of `fields`."""
    low, high = analysis.um_per_px_interval or (None, None)
    return {
        "source": analysis.source,
        "width": analysis.width,
        "height": analysis.height,
        "um_per_px": analysis.um_per_px,
        "um_per_px_low": low,
        "um_per_px_high": high,
        "scale_source": analysis.scale_source,
        "usable": analysis.quality.usable,
        "white_balance": list(analysis.white_balance),
        "reasons": [asdict(reason) for reason in analysis.quality.reasons],
        "counts": dict(analysis.counts),
        "framed": dict(field_count(analysis).counts),
        "ms": asdict(analysis.ms),
        "others": [compact(cell) for cell in analysis.cells if not is_counted_white(cell)],
    }


def columns_of_cell(field: FieldRow, cell: Cell) -> dict[str, Any]:
    """Lay a white cell out as a row of `cells`."""
    answer = cell.classification
    assert answer is not None  # noqa: S101 (of a white cell)
    x0, y0, x1, y1 = cell.box
    unfamiliar = answer.status == UNFAMILIAR
    return {
        "slide_id": field.slide_id,
        "field_id": field.id,
        "number": cell.id,
        "counts": field.usable,
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "score": cell.score,
        "touches_edge": cell.touches_edge,
        "diameter_um": cell.diameter_um,
        "label": answer.label,
        "confidence": answer.confidence,
        "status": answer.status,
        "certainty": answer.confidence - unfamiliar,
        "answer": asdict(answer),
        "named": model_class(answer.label, answer.status),
        "is_seen": False,
    }


def white_cell(row: CellRow) -> Cell:
    """Give a white cell back."""
    return Cell(
        id=row.number,
        kind="wbc",
        box=(row.x0, row.y0, row.x1, row.y1),
        score=row.score,
        touches_edge=row.touches_edge,
        diameter_um=row.diameter_um,
        classification=answer_of(row),
    )


def answer_of(row: CellRow) -> Classification:
    """Give the model's whole answer to a white cell."""
    told = dict(row.answer)
    return Classification(**{**told, "ms": Timing(**told["ms"])})


def compact(cell: Cell) -> list[Any]:
    """Lay a cell that nobody reviews out as a short list."""
    answer = asdict(cell.classification) if cell.classification else None
    told = [cell.id, cell.kind, *cell.box, cell.score, cell.touches_edge, cell.diameter_um]
    return [*told, cell.counted, answer]


def loosened(told: Sequence[Any]) -> Cell:
    """Give a cell back from its short list."""
    number, kind, x0, y0, x1, y1, score, touches_edge, diameter_um, counted, answer = told
    if answer:
        answer = Classification(**{**answer, "ms": Timing(**answer["ms"])})
    box = (x0, y0, x1, y1)
    return Cell(number, cast(Kind, kind), box, score, touches_edge, diameter_um, answer, counted)


def facts_of(row: FieldRow) -> FieldFacts:
    """Tell what the record tells of a field."""
    low, high = row.um_per_px_low, row.um_per_px_high
    red, green, blue = row.white_balance
    return FieldFacts(
        id=row.id,
        source=row.source,
        taken=Act(row.taken_by, row.taken_at),
        picture_sha256=row.picture_sha256,
        width=row.width,
        height=row.height,
        um_per_px=row.um_per_px,
        um_per_px_interval=(low, high) if low is not None and high is not None else None,
        scale_source=row.scale_source,
        white_balance=(red, green, blue),
        usable=row.usable,
        reasons=tuple(reason["code"] for reason in row.reasons),
        counts=row.counts,
    )
