"""Slides are opened and changed by a person, and by nobody who has not seen the last change."""

from pathlib import Path
from typing import Any

import pytest

from runtime.bundle import CellClass
from tests.webapp.store.fields import CLASSES, LABELS, slide_with
from webapp.record import ReviewClass
from webapp.store.audit import entries
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.options import Options, read_options, review_classes, write_options
from webapp.store.search import Wanted, find_slides
from webapp.store.slides import change_slide, find_slide, open_slide

MODEL = [CellClass(name, name.capitalize(), "#123456") for name in LABELS]


def test_a_change_raises_the_edition_and_is_told(database: Database) -> None:
    with database.begin() as session:
        slide = open_slide(session, " Ada  Lovelace ", "case 1", target=200)
        assert (slide.opened.by, slide.edition, slide.status) == ("Ada Lovelace", 1, "open")
        changed = change_slide(session, slide.id, "Bo", label="case 2", edition=1)
        assert (changed.label, changed.edition) == ("case 2", 2)
        assert change_slide(session, slide.id, "Bo", label="case 2") == changed
    with database.read() as session:
        assert find_slide(session, slide.id) == changed
        newest, first = entries(session, slide.id).entries
        assert (newest.act.by, newest.edition) == ("Bo", 2)
        assert newest.detail == {"label": ["case 1", "case 2"]}
        assert newest.act.at.utcoffset() is not None
        assert newest.act.at.microsecond % 1000 == 0
        page = entries(session, limit=1)
        assert entries(session, after=page.after, limit=1).entries == (first,)


def test_who_has_not_seen_the_last_change_is_refused(database: Database) -> None:
    with database.begin() as session:
        slide = open_slide(session, "Ada", "case 1")
        change_slide(session, slide.id, "Ada", note="thick")
        with pytest.raises(StoreError, match="changed by another since") as caught:
            change_slide(session, slide.id, "Bo", note="thin", edition=slide.edition)
        assert caught.value.code == "changed"
        assert find_slide(session, slide.id).note == "thick"


@pytest.mark.parametrize(
    ("by", "told", "code"),
    [
        (" ", {}, "no_person"),
        ("a\nb" + "c" * 100, {}, "no_person"),
        ("a\u202eb", {}, "no_person"),
        ("--", {}, "no_person"),
        ("A" * 81, {}, "no_person"),
        ("Ada", {"label": ""}, "bad_request"),
        ("Ada", {"label": "a\u202eb"}, "bad_request"),
        ("Ada", {"label": "a\x00b"}, "bad_request"),
        ("Ada", {"label": "x" * 201}, "bad_request"),
        ("Ada", {"note": "x" * 4001}, "bad_request"),
        ("Ada", {"target": 0}, "bad_request"),
    ],
)
def test_what_is_no_slide(database: Database, by: str, told: dict[str, Any], code: str) -> None:
    with database.begin() as session, pytest.raises(StoreError) as caught:
        open_slide(session, by, **{"label": "case", **told})
    assert caught.value.code == code


def test_words_are_kept_in_one_form(database: Database) -> None:
    with database.begin() as session:
        slide = open_slide(session, "Zoe\u0308", " Case\u3000Zoe\u0308 \U0001f469\u200d\U0001f52c ")
        assert (slide.opened.by, slide.label) == (
            "Zo\xeb",
            "Case\u3000Zo\xeb \U0001f469\u200d\U0001f52c",
        )
        found = find_slides(session, Wanted(label="ZOE\u0308", person="Zoe\u0308")).slides
        assert [each.id for each in found] == [slide.id]


def test_there_is_no_such_slide(database: Database) -> None:
    with database.read() as session, pytest.raises(StoreError, match="There is no slide 7"):
        find_slide(session, 7)


def test_every_class_has_one_key_of_its_own() -> None:
    keys = [each.key for each in CLASSES]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 1 and key not in "auz" for key in keys)
    assert [each.id for each in CLASSES[:4]] == list(LABELS)
    assert [each.counts_as for each in CLASSES[:4]] == ["white", "white", "nrbc", "nothing"]
    assert {"blast", "smudge_cell", "artefact", "other"} < {each.id for each in CLASSES}


def test_options_are_kept_and_told(database: Database, tmp_path: Path) -> None:
    own = ReviewClass("mast_cell", "Mast cell", "q", "#aabbcc", "white", named_by_model=False)
    told = Options(keep_pictures=False, retention_days=30, classes=(own,))
    with database.begin() as session:
        assert read_options(session) == Options()
        write_options(session, "Ada", told)
        slide_with(session, tmp_path)
    with database.read() as session:
        assert read_options(session) == told
        assert [each.id for each in review_classes(told, MODEL)] == [*LABELS, "mast_cell"]
        change = entries(session).entries[-1]
        assert change.detail["retention_days"] == [None, 30]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "Mast Cell"}, "cannot be used"),
        ({"id": "unfamiliar"}, "cannot be used"),
        ({"key": "u"}, "cannot be the key"),
        ({"key": "nn"}, "cannot be the key"),
        ({"counts_as": "half"}, "counts as 'half'"),
        ({"id": "other_cell"}, "Two classes have the key 'q'"),
    ],
)
def test_what_is_no_class(database: Database, changes: dict[str, Any], message: str) -> None:
    plain = {"title": "Mast cell", "color": "#aabbcc", "counts_as": "white"}
    first = ReviewClass("mast_cell", key="q", named_by_model=False, **plain)  # type: ignore[arg-type]
    second = ReviewClass(**{"id": "x", "key": "q", "named_by_model": False, **plain, **changes})
    with database.begin() as session, pytest.raises(StoreError, match=message):
        write_options(session, "Ada", Options(classes=(first, second)))
