"""A migration is undone at the next start, and what was kept since lies aside."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from webapp import cli
from webapp.bench import Bench
from webapp.maintenance.undo import ASIDE, ASKED, ask_to_undo, undo_if_asked
from webapp.store.accounts import add_account, named_account
from webapp.store.audit import entries
from webapp.store.before import keep_before, kept_before
from webapp.store.database import FILE
from webapp.store.passwords import hashed
from webapp.store.sessions import begin_session, find_session
from webapp.store.slides import find_slide, open_slide


@pytest.fixture
def data(tmp_path: Path) -> Path:
    keep(tmp_path, "before")
    keep_before(tmp_path / FILE, "0002")
    keep(tmp_path, "since")
    return tmp_path


def keep(data: Path, label: str) -> None:
    with Bench.open(data) as bench, bench.writing() as session:
        open_slide(session, "Ada", label)


def count(data: Path) -> int:
    with Bench.open(data) as bench, bench.reading() as session:
        found = entries(session).entries
        assert find_slide(session, 1).label == "before"
        return sum(each.action == "slide.open" for each in found)


def test_asked_it_is_done_once_and_told_in_the_trail(data: Path) -> None:
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    undone = undo_if_asked(data, "1.0.0-aaaaaaaa")
    assert undone is not None
    assert undone.aside is not None
    assert not undone.has_accounts
    aside = undone.aside
    assert aside.name.startswith(ASIDE)
    assert count(data) == 1
    assert count(aside) == 2
    with Bench.open(data) as bench, bench.reading() as session:
        assert entries(session).entries[0].action == "store.undo"
    assert undo_if_asked(data, "1.0.0-aaaaaaaa") is None
    assert count(data) == 1


def test_who_had_signed_in_before_has_not_since(data: Path) -> None:
    with Bench.open(data) as bench, bench.writing() as session:
        ada = add_account(
            session, "setup", "Ada", "administrator", hashed("some words nobody guesses", "Ada")
        )
        secret = begin_session(session, ada)
    keep_before(data / FILE, "0003")
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    undone = undo_if_asked(data, "1.0.0-aaaaaaaa")
    assert undone is not None
    assert undone.has_accounts
    with Bench.open(data) as bench, bench.reading() as session:
        assert find_session(session, secret) is None
        assert named_account(session, "Ada").role == "administrator"


def test_a_copy_of_older_tables_is_brought_up_to_date(data: Path) -> None:
    (copy,) = kept_before(data / FILE)
    with closing(sqlite3.connect(copy)) as older, older:
        older.execute("ALTER TABLE received DROP COLUMN account")
        older.execute("UPDATE alembic_version SET version_num = '0005'")
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    undone = undo_if_asked(data, "1.0.0-aaaaaaaa")
    assert undone is not None
    assert count(data) == 1
    assert not (data / ASKED).exists()
    assert not list(data.glob(".tmp*"))


@pytest.mark.parametrize("version", ["1.1.0-bbbbbbbb", None])
def test_what_was_asked_of_another_version_is_forgotten(data: Path, version: str | None) -> None:
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    assert undo_if_asked(data, version) is None
    assert count(data) == 2
    assert not (data / ASKED).exists()


def test_a_server_that_others_reach_undoes_before_it_asks_who_administrates(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there until then is of a newer program, which this one cannot read."""
    with Bench.open(data) as bench, bench.writing() as session:
        password = hashed("some words nobody guesses", "Ada")
        add_account(session, "setup", "Ada", "administrator", password)
    keep_before(data / FILE, "0003")
    with closing(sqlite3.connect(data / FILE)) as connection, connection:
        assert connection.execute("UPDATE alembic_version SET version_num = '9999'").rowcount
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    monkeypatch.setattr(cli, "running_version", lambda: "1.0.0-aaaaaaaa")
    start = ["--host", "0.0.0.0", "--port", "0", "--data", str(data)]  # noqa: S104
    assert cli.main([*start, "--model", str(tmp_path / "none")]) == 2  # and goes no further
    told = capsys.readouterr()
    assert "The data are those of before the update" in told.out
    assert str(tmp_path / "none") in told.err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 3}'])
def test_a_damaged_wish_is_none(data: Path, text: str) -> None:
    (data / ASKED).write_text(text)
    assert undo_if_asked(data, "1.0.0-aaaaaaaa") is None
    assert count(data) == 2


def test_without_a_copy_nothing_is_undone(data: Path) -> None:
    for each in kept_before(data / FILE):
        each.unlink()
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    assert undo_if_asked(data, "1.0.0-aaaaaaaa") is None
    assert count(data) == 2


def test_broken_off_before_the_wish_was_taken_away_it_is_done_again(data: Path) -> None:
    ask_to_undo(data, "1.0.0-aaaaaaaa")
    wish = (data / ASKED).read_bytes()
    undo_if_asked(data, "1.0.0-aaaaaaaa")
    (data / ASKED).write_bytes(wish)
    assert undo_if_asked(data, "1.0.0-aaaaaaaa") is not None
    assert count(data) == 1
