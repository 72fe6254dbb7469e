"""A realistic record: 220 cells, reviewed, with classes that only a person can give."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runtime.answers import ModelId
from runtime.differential import Estimates, Share
from runtime.intervals import clopper_pearson
from webapp.record import (
    Act,
    Beside,
    CellFacts,
    Count,
    FieldFacts,
    ReviewClass,
    SlideRecord,
)

START = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
CLASSES = [
    ReviewClass("neutrophil", "Neutrophil", "n", "#7c3aed", "white", True),
    ReviewClass("lymphocyte", "Lymphocyte", "l", "#0284c7", "white", True),
    ReviewClass("monocyte", "Monocyte", "m", "#0d9488", "white", True),
    ReviewClass("eosinophil", "Eosinophil", "e", "#ea580c", "white", True),
    ReviewClass("basophil", "Basophil", "b", "#4f46e5", "white", True),
    ReviewClass("ig", "Immature granulocyte", "i", "#a21caf", "white", True),
    ReviewClass("band_neutrophil", "Band neutrophil", "d", "#9333ea", "white", False),
    ReviewClass("blast", "Blast", "t", "#be123c", "white", False),
    ReviewClass("atypical_lymphocyte", "Atypical lymphocyte", "a", "#0369a1", "white", False),
    ReviewClass("plasma_cell", "Plasma cell", "p", "#1d4ed8", "white", False),
    ReviewClass("erythroblast", "Erythroblast", "r", "#be123c", "nrbc", True),
    ReviewClass("smudge_cell", "Smudge cell", "s", "#71717a", "beside", False),
    ReviewClass("artefact", "Artefact", "x", "#a1a1aa", "nothing", False),
]
MODELS = [
    ModelId("fields", "1.2.0", "int8", "3f" * 32),
    ModelId("pbc", "1.6.0", "int8", "a1b2c3d4" * 8),
]
WEIGHTS = {"neutrophil": 58, "lymphocyte": 27, "monocyte": 7, "eosinophil": 3, "basophil": 1}
REVIEWED = {
    "band_neutrophil": 6,
    "blast": 1,
    "atypical_lymphocyte": 3,
    "erythroblast": 3,
    "smudge_cell": 5,
}


def record(cells: int = 220, status: str = "signed", **changes: Any) -> SlideRecord:
    """Make a record; an open one has a tenth of its cells not seen yet."""
    draw = random.Random(7)  # noqa: S311 nothing secret
    fields = [_field(number, draw) for number in range(1, max(cells // 6, 1) + 1)]
    found = [_cell(number, fields, draw, status) for number in range(1, cells + 1)]
    whole = SlideRecord(
        uid="3c7e1f0a-5b0e-4c2e-9d57-0c1f2a8b6d11",
        label="26-04711 A",
        note="Anticoagulated, smear made after two hours. Feathered edge short.",
        target=200,
        status=status,  # type: ignore[arg-type] one of the three
        revision=2 if status == "amended" else 1,
        reason="Two blasts were classed as lymphocytes" if status == "amended" else "",
        opened=Act("Jana Nováková", START),
        signed=None if status == "open" else Act("Øystein Müller-Ağca", START + timedelta(hours=2)),
        models=MODELS,
        device="HematoVision 0.1.0",
        classes=CLASSES,
        by_person=count([cell.given or cell.label for cell in found], unidentified=0),
        by_model=count([cell.label for cell in found], unidentified=0, model=True),
        per_field={"platelet": 11.4, "rbc": 182.25, "wbc": 6.25},
        estimates=Estimates(62.5514, 13.21, (198.15, 264.2)),
        cannot_name=["Band neutrophil", "Blast", "Atypical lymphocyte", "Plasma cell"],
        fields=fields,
        cells=found,
    )
    return replace(whole, **changes)


def count(labels: list[str], unidentified: int, *, model: bool = False) -> Count:
    """Count classes as a differential does."""
    told = [c for c in CLASSES if c.named_by_model or not model]
    white = {c.id: labels.count(c.id) for c in told if c.counts_as == "white"}
    beside = {c.id: labels.count(c.id) for c in told if c.counts_as in ("nrbc", "beside")}
    total = sum(white.values())
    return Count(total, {i: _share(n, total) for i, n in white.items()},
                 {i: _beside(n, total) for i, n in beside.items()}, unidentified)  # fmt: skip


def _share(n: int, total: int) -> Share:
    low, high = clopper_pearson(n, total)
    return Share(n, 100 * n / total if total else None, (100 * low, 100 * high))


def _beside(n: int, total: int) -> Beside:
    if n + total == 0:
        return Beside(0, None, (None, None))
    low, high = clopper_pearson(n, n + total)
    upper = 100 * high / (1 - high) if high < 1 else None
    return Beside(n, 100 * n / total if total else None, (100 * low / (1 - low), upper))


def _field(number: int, draw: random.Random) -> FieldFacts:
    usable = number % 11 != 0
    scale = 0.1 + draw.uniform(-0.002, 0.002)
    return FieldFacts(
        id=number,
        source=f"field_{number:03}.jpg",
        taken=Act("Jana Nováková", START + timedelta(minutes=1, seconds=20 * number)),
        picture_sha256=f"{number:064x}",
        width=1920,
        height=1440,
        um_per_px=scale if number % 7 else None,
        um_per_px_interval=(scale * 0.95, scale * 1.05) if number % 7 else None,
        scale_source="red_cells" if number % 7 else None,
        white_balance=(1.04, 1.0, round(draw.uniform(0.9, 0.96), 3)),
        usable=usable,
        reasons=[] if usable else ["out_of_focus"],
        counts={"wbc": 6, "rbc": 182, "platelet": 11},
    )


def _cell(number: int, fields: list[FieldFacts], draw: random.Random, status: str) -> CellFacts:
    given = draw.choices([*WEIGHTS, *REVIEWED], [*WEIGHTS.values(), *REVIEWED.values()])[0]
    named = given if given in WEIGHTS or given == "erythroblast" else "neutrophil"
    x, y = draw.uniform(0, 1700), draw.uniform(0, 1200)
    seen = status != "open" or number % 10 != 0
    return CellFacts(
        id=number,
        field=fields[number % len(fields)].id,
        box=(x, y, x + 140, y + 150),
        label=named,
        confidence=draw.uniform(0.6, 0.999),
        status="confident" if named == given else "uncertain",
        given=given if seen else None,
        seen=Act("Jana Nováková", START + timedelta(minutes=30, seconds=number)) if seen else None,
    )
