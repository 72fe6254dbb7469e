"""Cells are confirmed or classed, several at once; both answers stay, the last act is undone."""

from pathlib import Path

import pytest

from tests.webapp.store.fields import CLASSES, cells_of, slide_with
from webapp.store.cells import find_cell
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.review import review_cells, undo_review

FIELD = (
    ("neutrophil", 0.9, "confident"),
    ("lymphocyte", 0.6, "uncertain"),
    ("lymphocyte", 0.4, "unfamiliar"),
)


def test_a_confirmed_cell_has_the_class_that_it_was_called(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        first = cells_of(session, slide_id)[0]
        done = review_cells(session, slide_id, "Ada", [first.id, first.id], None, CLASSES)
        assert done.cells == (first.id,)
        assert (done.slide.progress.seen, done.slide.progress.unidentified) == (1, 1)
        cell = find_cell(session, first.id)
        assert (cell.given, cell.seen and cell.seen.by) == ("neutrophil", "Ada")


def test_both_answers_stay(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, "blast", CLASSES)
        after = cells_of(session, slide_id)
    assert [cell.named for cell in after] == ["blast"] * 3
    assert [cell.answer.label for cell in after] == ["neutrophil", "lymphocyte", "lymphocyte"]


def test_an_unfamiliar_cell_that_is_confirmed_stays_unidentified(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        progress = review_cells(session, slide_id, "Ada", ids, None, CLASSES).slide.progress
        assert (progress.seen, progress.unidentified) == (3, 1)
        assert find_cell(session, ids[2]).given is None


def test_undo_goes_back_act_by_act(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        states = [cells_of(session, slide_id)]
        ids = [cell.id for cell in states[0]]
        for cells, given in ((ids, "blast"), (ids[:2], "other"), (ids[1:], None)):
            review_cells(session, slide_id, "Ada", cells, given, CLASSES)
            states.append(cells_of(session, slide_id))
        for cells in (ids[1:], ids[:2], ids):
            states.pop()
            assert undo_review(session, slide_id, "Ada").cells == tuple(cells)
            assert cells_of(session, slide_id) == states[-1]
        with pytest.raises(StoreError, match="no review") as caught:
            undo_review(session, slide_id, "Ada")
        assert caught.value.code == "nothing_to_undo"


def test_a_review_after_an_undo_is_undone_first(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, "blast", CLASSES)
        review_cells(session, slide_id, "Ada", ids, "other", CLASSES)
        undo_review(session, slide_id, "Ada")
        review_cells(session, slide_id, "Ada", ids, "artefact", CLASSES)
        undo_review(session, slide_id, "Ada")
        assert {cell.named for cell in cells_of(session, slide_id)} == {"blast"}
        undo_review(session, slide_id, "Ada")
        assert {cell.seen for cell in cells_of(session, slide_id)} == {None}


def test_what_another_has_reviewed_since_is_not_undone(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, "blast", CLASSES)
        review_cells(session, slide_id, "Bo", ids[:1], "other", CLASSES)
        with pytest.raises(StoreError, match="1 cell of Ada's last review") as caught:
            undo_review(session, slide_id, "Ada")
        assert caught.value.code == "changed"
        undo_review(session, slide_id, "Bo")
        undo_review(session, slide_id, "Ada")
        assert {cell.named for cell in cells_of(session, slide_id)} == {
            "neutrophil",
            "lymphocyte",
            "unfamiliar",
        }


@pytest.mark.parametrize(
    ("given", "cells", "code"),
    [("leopard", [1], "bad_request"), (None, [], "bad_request"), (None, [1, 999], "not_found")],
)
def test_what_cannot_be_reviewed(
    database: Database, tmp_path: Path, given: str | None, cells: list[int], code: str
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        with pytest.raises(StoreError) as caught:
            review_cells(session, slide_id, "Ada", cells, given, CLASSES)
        assert caught.value.code == code


def test_cells_of_another_slide_are_none_of_this(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        strange = cells_of(session, slide_with(session, tmp_path, FIELD))[0]
        with pytest.raises(StoreError, match=f"no cell {strange.id}"):
            review_cells(session, slide_id, "Ada", [strange.id], None, CLASSES)
