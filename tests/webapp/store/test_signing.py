"""A slide is open, signed, reopened with a reason and signed anew; a record is never changed."""

import hashlib
import json
import time
from collections import Counter
from pathlib import Path
from random import Random
from time import sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, update

from runtime.answers import to_json
from runtime.field_answers import field_document
from tests.webapp.store.fields import CLASSES, MODELS, add, analysis, cells_of, slide_with
from webapp.store.audit import entries
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.fields import fields_of, remove_field
from webapp.store.options import Options, review_classes
from webapp.store.pictures import Pictures
from webapp.store.records import current_record, running
from webapp.store.review import review_cells, undo_review
from webapp.store.search import last_signed
from webapp.store.signing import (
    find_record,
    records_of,
    reopen_slide,
    reported,
    sign_slide,
    thawed,
)
from webapp.store.slides import change_slide, find_slide
from webapp.store.tables import CellRow, RecordRow
from webapp.store.tallies import alike, tallies_of

FIELD = (
    ("neutrophil", 0.9, "confident"),
    ("erythroblast", 0.8, "confident"),
    ("lymphocyte", 0.4, "unfamiliar"),
)
DEVICE = "HematoVision 0.1.0"


def test_the_whole_way_to_an_amended_record(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD, by="Ada")
        ids = [cell.id for cell in cells_of(session, slide_id)]
        with pytest.raises(StoreError, match="3 white cells of case 1 were not seen"):
            sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
        review_cells(session, slide_id, "Ada", ids, None, CLASSES)
        with pytest.raises(StoreError, match="1 white cell of case 1 are of no class") as caught:
            sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
        assert caught.value.code == "unidentified"
        review_cells(session, slide_id, "Ada", ids[2:], "smudge_cell", CLASSES)
        first = sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
        assert find_slide(session, slide_id).status == "signed"
    with database.begin() as session:
        for refused in (
            lambda: review_cells(session, slide_id, "Ada", ids, "blast", CLASSES),
            lambda: undo_review(session, slide_id, "Ada"),
            lambda: change_slide(session, slide_id, "Ada", note="late"),
            lambda: add(session, tmp_path, slide_id, analysis()),
            lambda: sign_slide(session, slide_id, "Ada", CLASSES, DEVICE),
        ):
            with pytest.raises(StoreError, match="reopen it with a reason"):
                refused()
        with pytest.raises(StoreError, match="Give a reason"):
            reopen_slide(session, slide_id, "Bo", "  ")
        reopened = reopen_slide(session, slide_id, "Bo", "a blast was overlooked")
        assert (reopened.status, reopened.revision) == ("open", 2)
        with pytest.raises(StoreError, match="no review"):
            undo_review(session, slide_id, "Ada")  # what was signed is not undone but classed anew
        review_cells(session, slide_id, "Bo", ids[:1], "blast", CLASSES)
        second = sign_slide(session, slide_id, "Bo", CLASSES, DEVICE)
    with database.read() as session:
        assert find_slide(session, slide_id).status == "amended"
        assert records_of(session, slide_id) == [second, first]
        assert find_record(session, slide_id) == second
        assert find_record(session, slide_id, 1) == first
        assert to_json(current_record(session, slide_id, CLASSES, DEVICE)) == json.loads(
            second.content
        )
    old, new = thawed(first.content), thawed(second.content)
    assert (old.status, new.status) == ("signed", "amended")
    assert (old.reason, new.reason) == ("", "a blast was overlooked")
    assert old.by_person.white["neutrophil"].n == 1
    assert (new.by_person.white["neutrophil"].n, new.by_person.white["blast"].n) == (0, 1)
    assert new.by_person.beside["smudge_cell"].per_100_wbc == 100.0
    assert new.by_model.unidentified == 1
    assert new.signed
    assert new.signed.by == "Bo"
    for record in (first, second):
        assert record.sha256 == hashlib.sha256(record.content.encode()).hexdigest()


def test_a_slide_without_white_cells_is_not_signed(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path)
        add(session, tmp_path, slide_id, analysis(FIELD, usable=False))
        with pytest.raises(StoreError, match="no white cell to sign for"):
            sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)


def test_the_model_counts_as_analyze_does(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD, FIELD, FIELD[:1])
        record = current_record(session, slide_id, CLASSES, DEVICE)
    fields = [analysis(FIELD), analysis(FIELD), analysis(FIELD[:1])]
    told = field_document(MODELS, fields, ["neutrophil", "lymphocyte"]).differential
    assert record.by_model.counted == told.counted == 3
    assert record.by_model.white["neutrophil"] == told.classes["neutrophil"]
    assert record.by_model.beside["erythroblast"].interval == told.nrbc_interval
    assert record.by_model.unidentified == told.unclassified
    assert (record.per_field, record.estimates) == (told.per_field, told.estimates)


def test_a_class_that_nobody_can_give_any_more_is_still_counted(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, "blast", CLASSES)
        fewer = [each for each in CLASSES if each.id != "blast"]
        counted = running(session, slide_id, fewer)
        assert counted.by_person.white["blast"].n == 3
        assert counted.classes[-1].title == "Blast"


def test_the_slides_that_were_signed_last_are_not_those_opened_last(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        ids = [slide_with(session, tmp_path, FIELD[:1]) for _ in range(4)]
        for slide_id in (ids[2], ids[1], ids[0]):
            cells = [cell.id for cell in cells_of(session, slide_id)]
            review_cells(session, slide_id, "Ada", cells, None, CLASSES)
            sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
            sleep(0.002)  # times are kept to the millisecond
        reopen_slide(session, ids[2], "Ada", "a second look")
        sign_slide(session, ids[2], "Ada", CLASSES, DEVICE)
    with database.read() as session:
        assert [each.id for each in last_signed(session, 2)] == [ids[2], ids[0]]


def test_a_record_that_is_not_what_was_signed_is_not_given(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD[:1])
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, "blast", CLASSES)
        sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
        session.connection().exec_driver_sql(
            "DROP TRIGGER records_keep_update"
            if database.is_here
            else "ALTER TABLE records DISABLE TRIGGER USER"
        )
        session.execute(
            update(RecordRow).values(content=func.replace(RecordRow.content, "blast", "other"))
        )
    with database.read() as session:
        with pytest.raises(StoreError, match="case 1, revision 1, is not what was signed") as told:
            reported(session, slide_id, CLASSES, DEVICE)
        assert told.value.code == "record_damaged"


def test_a_class_that_a_model_gave_is_counted_for_it_whoever_answers_now(
    database: Database, tmp_path: Path
) -> None:
    chosen = Options(classes=CLASSES)  # the form of options keeps the model's classes too
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        before = current_record(session, slide_id, CLASSES, DEVICE)
        record = current_record(session, slide_id, review_classes(chosen, []), DEVICE)
    assert record.by_model.white["neutrophil"].n == 1
    assert record.by_model.counted == before.by_model.counted
    assert "Neutrophil" not in record.cannot_name
    assert "Blast" in record.cannot_name


STEPS = st.lists(
    st.sampled_from(["add", "dark", "confirm", "class", "undo", "remove", "sign", "reopen"]),
    min_size=5,
    max_size=25,
)
FORBIDDEN = {
    "open": {"not_signed", "no_cells", "not_seen", "unidentified", "nothing_to_undo"},
    "signed": {"signed"},
    "amended": {"signed"},
}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, draw=st.randoms(use_true_random=False))
def test_whatever_is_done_in_whatever_order(
    database: Database, tmp_path: Path, steps: list[str], draw: Random
) -> None:
    """Tallies are those of the cells, editions rise, records stay, and states forbid the rest."""
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
    signed: dict[int, str] = {}
    for step in steps:
        with database.begin() as session:
            before = find_slide(session, slide_id)
            cells = [cell.id for cell in cells_of(session, slide_id)]
            some = draw.sample(cells, draw.randint(1, len(cells))) if cells else []
            fields = fields_of(session, slide_id)
            refused = None
            try:
                if step in ("add", "dark"):
                    add(session, tmp_path, slide_id, analysis(FIELD, usable=step == "add"))
                elif step in ("confirm", "class") and some:
                    name = draw.choice(["blast", "artefact"]) if step == "class" else None
                    review_cells(session, slide_id, "Ada", some, name, CLASSES)
                elif step == "undo":
                    undo_review(session, slide_id, "Ada")
                elif step == "remove" and fields:
                    last = fields[-1].facts.id
                    remove_field(session, Pictures(tmp_path), last, "Ada")
                elif step == "sign":
                    told = sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
                    signed[told.revision] = told.sha256
                elif step == "reopen":
                    reopen_slide(session, slide_id, "Ada", "again")
                else:
                    continue
            except StoreError as error:
                refused = error.code
            assert refused is None or refused in FORBIDDEN[before.status]
            edition = before.edition + (refused is None)
            assert find_slide(session, slide_id).edition == edition
            assert entries(session, slide_id, limit=1).entries[0].edition == edition
        with database.read() as session:
            rows = session.query(CellRow).filter_by(slide_id=slide_id, counts=True)
            assert tallies_of(session, [slide_id])[slide_id] == Counter(map(alike, rows))
            kept = {each.revision: each.sha256 for each in records_of(session, slide_id)}
            assert kept == signed


def test_nothing_is_signed_while_the_clock_is_behind(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD[:1])
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, None, CLASSES)
        with monkeypatch.context() as past:
            past.setattr(time, "time", lambda: 0.0)
            with pytest.raises(StoreError, match="set date and time, then sign") as caught:
                sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
        assert caught.value.code == "clock_behind"
        assert sign_slide(session, slide_id, "Ada", CLASSES, DEVICE)
