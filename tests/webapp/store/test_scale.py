"""Searching stays flat as cells come: by indexes, page by page, never over all of them."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from tests.webapp.store.fields import CLASSES, add, analysis, answer, cells_of, slide_with
from webapp.store.audit import entries
from webapp.store.cells import find_cells
from webapp.store.database import Database
from webapp.store.records import running
from webapp.store.review import review_cells, undo_review
from webapp.store.search import Wanted, find_slides
from webapp.store.slides import Slide, find_slide
from webapp.store.tables import CellRow, TallyRow, now

FIELD = (
    ("neutrophil", 0.9, "confident"),
    ("lymphocyte", 0.5, "uncertain"),
    ("lymphocyte", 0.7, "unfamiliar"),
    ("neutrophil", 0.9, "confident"),
)


def fill(session: Session, folder: Path, cells: int, per_slide: int = 100) -> int:
    """Fill a database with slides of many cells; return the id of the last slide."""
    slide_id = 0
    told = asdict(answer("neutrophil", 0.5, "confident"))
    for _ in range(cells // per_slide):
        slide_id = slide_with(session, folder)
        field = add(session, folder, slide_id, analysis(()))
        row = {
            "slide_id": slide_id,
            "field_id": field.facts.id,
            "counts": True,
            **dict.fromkeys(("x0", "y0", "x1", "y1", "score"), 1.0),
            "touches_edge": False,
            "label": "neutrophil",
            "status": "confident",
            "answer": told,
            "named": "neutrophil",
            "is_seen": False,
        }
        session.execute(
            insert(CellRow),
            [
                {**row, "number": n, "confidence": n / per_slide, "certainty": n / per_slide}
                for n in range(per_slide)
            ],
        )
        alike = {"model": "neutrophil", "named": "neutrophil", "is_seen": False}
        session.add(TallyRow(slide_id=slide_id, **alike, n=per_slide))
    return slide_id


@pytest.fixture
def asked(database: Database) -> Iterator[list[tuple[str, object]]]:
    """What is asked of the database, from here on."""
    statements: list[tuple[str, object]] = []

    def listen(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    yield statements
    event.remove(database.engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cells", [1_000, 20_000])
def test_no_page_looks_at_all_cells(
    database: Database, tmp_path: Path, cells: int, asked: list[tuple[str, object]]
) -> None:
    with database.begin() as session:
        slide_id = fill(session, tmp_path, cells)
        ids = [cell.id for cell in cells_of(session, slide_id)]
    asked.clear()
    with database.begin() as session:
        review_cells(session, slide_id, "Ada", ids[:3], "blast", CLASSES)
        undo_review(session, slide_id, "Ada")
        review_cells(session, slide_id, "Ada", ids[:3], "blast", CLASSES)
    with database.read() as session:
        page = find_slides(session)
        find_slides(session, after=page.slides[-1].id)
        for wanted in (
            Wanted(label="CASE", status="open", since=now() - timedelta(days=1)),
            Wanted(named="blast"),
            Wanted(person="Ada", until=now()),
        ):
            assert find_slides(session, wanted).slides[0].id == slide_id
        for order in ("certainty", "taken"):
            first = find_cells(session, slide_id, order, limit=10)  # type: ignore[arg-type]
            find_cells(session, slide_id, order, after=first.after)  # type: ignore[arg-type]
        find_cells(session, slide_id, named="blast")
        find_cells(session, slide_id, seen=False)
        running(session, slide_id, CLASSES)
        entries(session, slide_id)
        looked_up = [each for each in asked if each[0].startswith("SELECT")]
        assert len(looked_up) > 20
        for statement, parameters in looked_up:
            plan = session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}",
                parameters,  # type: ignore[arg-type]
            )
            for line in (str(row[3]) for row in plan):
                table = next((t for t in ("cells", "reviews", "tallies", "audit") if t in line), "")
                assert not table or not line.startswith("SCAN"), f"{line}: {statement}"


def test_cells_come_page_by_page_the_least_certain_first(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD, FIELD)
    with database.read() as session:
        seen, after = [], None
        for _ in range(4):
            page = find_cells(session, slide_id, after=after, limit=2)
            seen += [(cell.named, cell.answer.confidence, cell.id) for cell in page.cells]
            after = page.after
        assert after is None
        assert [name for name, _, _ in seen[:2]] == ["unfamiliar"] * 2
        assert seen[2:] == sorted(seen[2:], key=lambda each: each[1:])
        assert len({each[2] for each in seen}) == 8
        named = find_cells(session, slide_id, named="lymphocyte").cells
        assert [cell.answer.confidence for cell in named] == [0.5, 0.5]
        assert find_cells(session, slide_id, seen=True).cells == ()


def test_slides_come_page_by_page_the_newest_first(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        ids = [slide_with(session, tmp_path, FIELD[:1]) for _ in range(5)]
    with database.read() as session:
        found, after = list[Slide](), None
        for _ in range(3):
            page = find_slides(session, after=after, limit=2)
            found += page.slides
            after = page.after
        assert after is None
        assert [slide.id for slide in found] == ids[::-1]
        assert found[0] == find_slide(session, ids[-1])
        assert find_slides(session, Wanted(label="50%_")).slides == ()
        assert find_slides(session, Wanted(person="Bo")).slides == ()
        assert find_slides(session, Wanted(since=now() + timedelta(days=1))).slides == ()
