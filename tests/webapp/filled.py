"""Slides that were opened, reviewed, signed and deleted, for pages that look them up."""

from pathlib import Path

from flask import Flask

from tests.webapp.store.fields import CLASSES, add, analysis, cells_of
from webapp.bench import Bench, bench_of
from webapp.store.review import review_cells
from webapp.store.signing import sign_slide
from webapp.store.slides import open_slide

FIELD = (
    ("neutrophil", 0.9, "confident"),
    ("lymphocyte", 0.6, "uncertain"),
    ("lymphocyte", 0.5, "unfamiliar"),
)


def fill(app: Flask | Bench, folder: Path, slides: int = 3) -> list[int]:
    """Open slides `26-000`, `26-001` …; the first is signed by Bo, its cells are blasts."""
    bench = app if isinstance(app, Bench) else bench_of(app)
    ids = []
    with bench.writing() as session:
        for number in range(slides):
            slide = open_slide(session, "Ada", f"26-{number:03d}", note="=1+1")
            add(session, folder, slide.id, analysis(FIELD))
            ids.append(slide.id)
        cells = [cell.id for cell in cells_of(session, ids[0])]
        review_cells(session, ids[0], "Bo", cells, "blast", CLASSES)
        sign_slide(session, ids[0], "Bo", CLASSES, "HematoVision")
    return ids
