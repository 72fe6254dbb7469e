"""The audit is a chain: whatever is changed in it behind the program's back is named."""

import hashlib
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import column, create_engine, insert, table
from sqlalchemy.exc import IntegrityError

from tests.webapp.store.fields import CLASSES, cells_of, slide_with
from webapp.store import migrations
from webapp.store.audit import entries
from webapp.store.chain import START, head_of, link, verify
from webapp.store.database import FILE, Database
from webapp.store.review import review_cells
from webapp.store.signing import sign_slide
from webapp.store.slides import open_slide
from webapp.store.tables import AuditRow


@pytest.fixture
def worked(database: Database, tmp_path: Path) -> Database:
    """Two slides, the first one signed: six entries."""
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, (("neutrophil", 0.9, "confident"),))
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, None, CLASSES)
        sign_slide(session, slide_id, "Ada", CLASSES, "HematoVision 0.1.0")
        slide_with(session, tmp_path, (("lymphocyte", 0.6, "uncertain"),), by="Zoë")
    return database


def behind_its_back(database: Database, *statements: str) -> None:
    """Change what is kept as one would who has the disk, or the server: without the triggers."""
    if not database.is_here:
        with database.begin() as session:
            ask = session.connection().exec_driver_sql
            ask("SET LOCAL session_replication_role = replica")
            for statement in statements:
                assert ask(statement).rowcount > 0
        return
    with sqlite3.connect(database.name) as connection:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(named).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    connection.close()


def broken(database: Database) -> str | None:
    with database.read() as session:
        return verify(session).broken


def test_a_trail_that_nobody_has_touched_is_whole(worked: Database) -> None:
    with worked.read() as session:
        chain = verify(session)
        newest = entries(session).entries[0]
        assert head_of(session) == chain.head
    assert (chain.entries, chain.broken) == (6, None)
    assert (newest.id, newest.sha256) == (chain.head.entry, chain.head.sha256)


def test_a_trail_without_entries_is_whole(database: Database) -> None:
    with database.read() as session:
        assert verify(session).head.sha256 == START
    assert broken(database) is None


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET by = 'Eve' WHERE id = 3", "entry 3 .*Eve, cells.review.* entry 2: it"),
        ("UPDATE audit SET at = '2020-01-01 00:00:00' WHERE id = 1", "entry 1 .*the beginning"),
        ("UPDATE audit SET detail = '{\"given\": \"blast\"}' WHERE id = 3", "entry 3"),
        ("UPDATE audit SET sha256 = '' WHERE id = 2", "entry 2"),
        ("DELETE FROM audit WHERE id = 3", "entry 4 .* does not follow from entry 2"),
        ("DELETE FROM audit WHERE id = 6", "entry 6 was written last, but entry 5 is the last"),
        ("DELETE FROM audit_head", "entry 0 was written last, but entry 6"),
        ("UPDATE records SET sha256 = 'ab'", "entry 4 .* names a record of slide 1, revision 1"),
        ("UPDATE records SET content = replace(content, 'Ada', 'Eve')",
         "entry 4 .* names a record of slide 1, revision 1, that is not the one which is kept"),
        ("DELETE FROM records", "entry 4 .* names a record of slide 1, revision 1"),
        ("INSERT INTO records SELECT 9, 2, 1, 'Eve', signed_at, '', content, sha256 FROM records",
         "the record of slide 2, revision 1, was signed by no entry"),
    ],
)  # fmt: skip
def test_the_first_broken_link_is_named(worked: Database, statement: str, told: str) -> None:
    behind_its_back(worked, "UPDATE audit_head SET id = 1", statement)
    assert re.search(told, str(broken(worked)))


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # the other keeps no such values
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET detail = '{' WHERE id = 3", "the entry after entry 2 cannot be read"),
        ("UPDATE audit SET at = 'long ago' WHERE id = 5", "the entry after entry 4 cannot be read"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named(worked: Database, statement: str, told: str) -> None:
    behind_its_back(worked, statement)
    assert re.search(told, str(broken(worked)))


def test_work_goes_on_behind_a_break_and_does_not_hide_it(worked: Database) -> None:
    behind_its_back(worked, "DELETE FROM audit WHERE id = 6", "DELETE FROM audit_head")
    with worked.begin() as session:
        open_slide(session, "Ada", "case 2")
    assert "entry 6 " in str(broken(worked))


def test_a_link_is_what_the_documents_say() -> None:
    """The form is for ever: whoever has an old file can compute its chain by these bytes."""
    time = datetime(2026, 11, 27, 8, 30, 0, 250_000, UTC)
    made = link(
        START, id=1, at=time, by="Zoë", action="slide.open", slide_id=1, revision=1, edition=1,
        detail={"target": 100, "label": "26-0417"},
    )  # fmt: skip
    text = (
        r'{"action":"slide.open","at":"2026-11-27T08:30:00.250+00:00","by":"Zo\u00eb",'
        r'"detail":{"label":"26-0417","target":100},"edition":1,"id":1,"revision":1,"slide_id":1}'
    )
    assert made == hashlib.sha256(b"0" * 64 + b"\n" + text.encode()).hexdigest()


def test_entries_of_an_older_database_are_chained(nowhere: Path | str) -> None:
    make_first_version(nowhere, entries=700)
    with Database.open(nowhere) as database:
        with database.begin() as session:
            open_slide(session, "Ada", "case 2")
        with database.read() as session:
            chain = verify(session)
        assert (chain.entries, chain.head.entry, chain.broken) == (701, 701, None)
        with pytest.raises(IntegrityError, match="are never changed"), database.begin() as session:
            session.connection().exec_driver_sql("UPDATE audit SET by = 'Eve'")
        behind_its_back(database, "UPDATE audit SET by = 'Eve' WHERE id = 650")
        assert "entry 650 " in str(broken(database))


def make_first_version(place: Path | str, entries: int) -> None:
    """Make a database as it was before there was a chain, with entries of its audit."""
    url = f"sqlite:///{place / FILE}" if isinstance(place, Path) else place
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    time = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
    detail = {"keep_pictures": [True, False], "of": "Zoë"}
    row = {"at": time, "by": "Zoë", "action": "options.change", "detail": detail}
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        typed = (column(name, AuditRow.__table__.c[name].type) for name in row)
        connection.execute(insert(table("audit", *typed)), [row] * entries)
    engine.dispose()
