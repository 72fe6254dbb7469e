"""A slide whose white cells are as a test wants them, in the folder of a server's data."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from runtime.answers import Classification, ModelId, Timing
from runtime.field_answers import Cell, FieldAnalysis, FieldModels, FieldTiming, count
from runtime.images import encode
from runtime.judgement import AttributeValue
from runtime.quality import Quality
from tests.tiny_bundle import CLASSES
from webapp.store.database import Database
from webapp.store.fields import add_field
from webapp.store.pictures import Pictures
from webapp.store.slides import open_slide

White = tuple[str, float, str]  # label, confidence, status
COLORS = {"red": (190, 60, 90), "green": (90, 150, 90), "blue": (80, 60, 160)}
WIDTH_PX, HEIGHT_PX, SIDE_PX = 640, 480, 64
ROW, PER_FIELD = 6, 12
MODELS = FieldModels(
    ModelId("squares", "1.0.0", "int8", "a" * 64), ModelId("tiny", "1.0.0", "int8", "b" * 64)
)


def seed(data: Path, white: Sequence[White], label: str = "case 1") -> int:
    """Open a slide with these white cells, a dozen in a field; return its id."""
    with Database.open(data) as database, database.begin() as session:
        slide = open_slide(session, "Ada", label)
        for start in range(0, len(white), PER_FIELD):
            content, analysis = _field(white[start : start + PER_FIELD], start)
            pictures = Pictures(data / "pictures")
            add_field(session, pictures, slide.id, "Ada", analysis, MODELS, content, "image/png")
        return slide.id


def _field(white: Sequence[White], number: int) -> tuple[bytes, FieldAnalysis]:
    """Draw a field of discs, each in the color of its label, and say what was found in it."""
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 232, np.uint8)
    down, across = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    cells = []
    for index, (label, confidence, status) in enumerate(white):
        x0, y0 = 40 + 95 * (index % ROW), 60 + 180 * (index // ROW)
        middle = SIDE_PX / 2
        disc = np.hypot(across - x0 - middle, down - y0 - middle)
        picture[disc < SIDE_PX / 2] = (214, 196, 226)
        picture[disc < SIDE_PX / 3] = COLORS[label]
        box = (float(x0), float(y0), float(x0 + SIDE_PX), float(y0 + SIDE_PX))
        answer = _answer(label, confidence, status)
        cells.append(Cell(index + 1, "wbc", box, 0.9, False, 13.25, answer))
    picture[0, 0] = np.array([number >> 16, number >> 8, number]) & 255  # no two are the same
    analysis = FieldAnalysis(
        source=f"field-{number:04}.png",
        width=WIDTH_PX,
        height=HEIGHT_PX,
        um_per_px=0.2,
        um_per_px_interval=(0.19, 0.21),
        scale_source="red_cells",
        white_balance=(1.0, 1.0, 1.0),
        quality=Quality(usable=True, reasons=()),
        cells=cells,
        counts=count(cells),
        ms=FieldTiming(1.0, 2.0, 3.0, 6.0),
    )
    return encode(picture), analysis


def _answer(label: str, confidence: float, status: str) -> Classification:
    others = [each for each in CLASSES if each != label]
    rest = (1 - confidence) / len(others)
    return Classification(
        source="white cell",
        width=102,
        height=102,
        label=label,
        confidence=confidence,
        probabilities={each: confidence if each == label else rest for each in CLASSES},
        status=status,
        prediction_set=[label] if status == "confident" else [label, others[0]],
        attributes={"tone": AttributeValue("warm", 0.75)},
        um_per_px=0.2,
        scale_source="red_cells",
        ms=Timing(0.5, 0.25, 1.5, 2.5),
    )
