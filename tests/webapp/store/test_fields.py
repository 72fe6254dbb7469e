"""What an analysis found is kept whole and given back as it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.answers import to_json
from tests.webapp.store.fields import MODELS, add, analysis, answer, cells_of, slide_with
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.fields import analysis_of, fields_of, find_field, remove_field
from webapp.store.options import Options, write_options
from webapp.store.pictures import Pictures
from webapp.store.slides import find_slide

MIXED = (("neutrophil", 0.9, "confident"), ("lymphocyte", 0.4, "unfamiliar"))


def test_an_analysis_is_given_back_as_it_was(database: Database, tmp_path: Path) -> None:
    told = analysis(MIXED)
    with database.begin() as session:
        field = add(session, tmp_path, slide_with(session, tmp_path), told)
    with database.read() as session:
        back = analysis_of(session, field.facts.id)
        assert to_json(back) == to_json(told)
        assert back.cells[0].classification is not None
        assert back.cells[0].classification.unfamiliarity == 1.25
        assert find_field(session, field.facts.id) == field
        assert field.models == MODELS


def test_cells_that_are_only_told_are_kept_but_not_reviewed(
    database: Database, tmp_path: Path
) -> None:
    told = analysis(MIXED)
    told = replace(told, cells=[replace(told.cells[0], counted=False), *told.cells[1:]])
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path)
        field = add(session, tmp_path, slide_id, told)
        assert to_json(analysis_of(session, field.facts.id)) == to_json(told)
        assert [cell.number for cell in cells_of(session, slide_id)] == [2]


def test_cells_of_an_unusable_field_do_not_count(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, MIXED)
        add(session, tmp_path, slide_id, analysis(MIXED, usable=False))
        progress = find_slide(session, slide_id).progress
        assert (progress.fields, progress.usable, progress.cells) == (2, 1, 2)
        assert len(cells_of(session, slide_id)) == 2
        assert fields_of(session, slide_id)[1].facts.reasons == ("too_dark",)


def test_models_are_kept_once(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, MIXED, MIXED)
        rows = session.connection().exec_driver_sql("SELECT count(*) FROM models").scalar()
        assert rows == 2
        assert [field.number for field in fields_of(session, slide_id)] == [1, 2]


def test_a_field_is_removed_with_its_cells_and_its_picture(
    database: Database, tmp_path: Path, pictures: Pictures
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path)
        first = add(session, pictures.folder, slide_id, analysis(MIXED), content=b"one")
        second = add(session, pictures.folder, slide_id, analysis(MIXED), content=b"two")
        assert (first.picture_kept, second.picture_kept) == (True, True)
    kept = [file.name for file in pictures.folder.glob("??/*")]
    assert sorted(kept) == sorted([first.facts.picture_sha256, second.facts.picture_sha256])
    with database.begin() as session:
        slide = remove_field(session, pictures, first.facts.id, "Ada")
        assert slide.progress.cells == 2
    assert [f.name for f in pictures.folder.glob("??/*")] == [second.facts.picture_sha256]
    with database.read() as session, pytest.raises(StoreError, match="There is no field"):
        find_field(session, first.facts.id)


def test_a_picture_that_two_fields_show_stays_with_the_second(
    database: Database, tmp_path: Path, pictures: Pictures
) -> None:
    with database.begin() as session:
        slide_id, other_id = slide_with(session, tmp_path), slide_with(session, tmp_path)
        first = add(session, pictures.folder, slide_id, analysis(), content=b"one")
        assert add(session, pictures.folder, slide_id, analysis(), content=b"one") == first
        add(session, pictures.folder, other_id, analysis(), content=b"one")
    with database.begin() as session:
        remove_field(session, pictures, first.facts.id, "Ada")
    with database.read() as session:
        assert first.facts.picture_sha256
        assert pictures.find(session, first.facts.picture_sha256).file.read_bytes() == b"one"


def test_the_hash_is_kept_where_the_picture_is_not(
    database: Database, tmp_path: Path, pictures: Pictures
) -> None:
    with database.begin() as session:
        write_options(session, "Ada", Options(keep_pictures=False))
        slide_id = slide_with(session, tmp_path)
        field = add(session, pictures.folder, slide_id, analysis(), content=b"one")
        assert field.facts.picture_sha256
        assert not field.picture_kept
    assert not pictures.folder.exists()


def test_a_bundle_without_thresholds_has_no_status(database: Database, tmp_path: Path) -> None:
    told = analysis()
    plain = replace(answer("neutrophil", 0.3, None), prediction_set=None, attributes=None)
    told = replace(told, cells=[replace(told.cells[0], classification=plain), *told.cells[1:]])
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path)
        field = add(session, tmp_path, slide_id, told)
        assert to_json(analysis_of(session, field.facts.id)) == to_json(told)
        assert cells_of(session, slide_id)[0].named == "neutrophil"
