"""Fields as an analyzer finds them, and what keeps them."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from runtime.answers import Classification, ModelId, Timing
from runtime.bundle import CellClass
from runtime.detection import KINDS, Kind
from runtime.field_answers import Cell, FieldAnalysis, FieldModels, FieldTiming, count
from runtime.judgement import AttributeValue
from runtime.quality import Quality, Reason
from webapp.record import ReviewClass
from webapp.store.cells import StoredCell, find_cells
from webapp.store.fields import StoredField, add_field
from webapp.store.options import Options, review_classes
from webapp.store.pictures import Pictures
from webapp.store.slides import open_slide

LABELS = ("neutrophil", "lymphocyte", "erythroblast", "platelet")
CLASSES: tuple[ReviewClass, ...] = review_classes(
    Options(), [CellClass(name, name.capitalize(), "#123456") for name in LABELS]
)
MODELS = FieldModels(
    ModelId("fields", "1.2.0", "int8", "a" * 64), ModelId("pbc", "1.6.0", "int8", "b" * 64)
)
Told = tuple[str, float, str]  # label, confidence, status


def answer(label: str, confidence: float, status: str | None) -> Classification:
    rest = (1 - confidence) / (len(LABELS) - 1)
    return Classification(
        source="white cell",
        width=81,
        height=83,
        label=label,
        confidence=confidence,
        probabilities={name: confidence if name == label else rest for name in LABELS},
        status=status,
        prediction_set=[label],
        attributes={"nucleus": AttributeValue("round", 0.75)},
        um_per_px=0.1,
        scale_source="red_cells",
        ms=Timing(0.5, 0.25, 1.5, 2.5),
        unfamiliarity=1.25,
    )


def analysis(
    white: Sequence[Told] = (("neutrophil", 0.9, "confident"),),
    red: int = 2,
    usable: bool = True,
    source: str = "field.png",
) -> FieldAnalysis:
    """Make an analysis of a field with white cells, red cells and a platelet."""
    kinds: list[Kind] = ["wbc"] * len(white) + ["rbc"] * red + ["platelet"]
    cells = [
        Cell(
            id=number,
            kind=kind,
            box=(10.5 * number, 20.25, 10.5 * number + 30, 50.75),
            score=1 / (number + 1),
            touches_edge=number % 2 == 0,
            diameter_um=7.125 if number % 3 else None,
            classification=answer(*white[number - 1]) if kind == "wbc" else None,
            counted=True,
        )
        for number, kind in enumerate(kinds, 1)
    ]
    assert set(kinds) <= set(KINDS)
    return FieldAnalysis(
        source=source,
        width=640,
        height=480,
        um_per_px=0.1,
        um_per_px_interval=(0.097, 0.105),
        scale_source="red_cells",
        white_balance=(1.04, 1.0, 0.93),
        quality=Quality(usable, () if usable else (Reason("too_dark", "too dark: more light"),)),
        cells=cells,
        counts=count(cells),
        ms=FieldTiming(1.0, 2.0, 3.0, 7.0),
    )


def slide_with(session: Session, folder: Path, *fields: Sequence[Told], by: str = "Ada") -> int:
    """Open a slide with a field for each list of white cells; return its id."""
    slide = open_slide(session, by, "case 1")
    for white in fields:
        add(session, folder, slide.id, analysis(white), by)
    return slide.id


def add(
    session: Session,
    folder: Path,
    slide_id: int,
    found: FieldAnalysis,
    by: str = "Ada",
    content: bytes | None = None,
) -> StoredField:
    pictures = Pictures(folder)
    return add_field(session, pictures, slide_id, by, found, MODELS, content, "image/png").field


def cells_of(session: Session, slide_id: int) -> list[StoredCell]:
    return list(find_cells(session, slide_id, order="taken", limit=200).cells)
