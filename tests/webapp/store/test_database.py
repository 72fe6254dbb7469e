"""A database is made, migrated, refused when newer, and keeps its trace."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from tests.webapp.store.fields import CLASSES, cells_of, slide_with
from webapp.store.audit import entries
from webapp.store.database import FILE, Database
from webapp.store.errors import StoreError
from webapp.store.pictures import Pictures
from webapp.store.review import review_cells
from webapp.store.signing import sign_slide
from webapp.store.slides import delete_slide, open_slide
from webapp.store.tables import Base, CellRow, FieldRow, RecordRow, ReviewRow, TallyRow

FIELD = (("neutrophil", 0.9, "confident"), ("lymphocyte", 0.6, "uncertain"))


def test_the_migrations_make_the_tables_of_this_program(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_commits_survive_a_power_cut(database: Database) -> None:
    with database.begin() as session:
        ask = session.connection().exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar() == "wal"
        assert ask("PRAGMA synchronous").scalar() == 2  # FULL
        assert ask("PRAGMA foreign_keys").scalar() == 1
        assert ask("PRAGMA busy_timeout").scalar() == 10_000


def test_a_newer_database_is_refused_and_left_as_it_is(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(StoreError, match="newer HematoVision") as caught:
        Database.open(tmp_path)
    assert caught.value.code == "database_newer"
    assert "\n" not in str(caught.value)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="is damaged or no database"):
        Database.open(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="name another folder with --data"):
        Database.open(tmp_path / "file" / "data")


def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from webapp.store.database import Database; "
        "from webapp.store.slides import open_slide\n"
        "sys.stdin.readline()\n"
        "with Database.open(pathlib.Path(sys.argv[1])) as d, d.begin() as s:\n"
        "    open_slide(s, 'Ada', 'case')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=-1, stderr=-1)
        for _ in range(2)
    ]
    for each in both:
        assert each.stdin
        each.stdin.write(b"\n")
        each.stdin.flush()
    for each in both:
        _, errors = each.communicate(timeout=300)
        assert (each.returncode, errors) == (0, b"")
    with Database.open(tmp_path) as database, database.read() as session:
        assert len(entries(session).entries) == 2


def test_who_only_reads_waits_for_no_writer(database: Database) -> None:
    with database.begin() as writing, database.read() as reading:
        open_slide(writing, "Ada", "case 1")
        assert entries(reading).entries == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET by = 'Eve'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "UPDATE reviews SET given = 'blast'",
        "DELETE FROM reviews",
        "UPDATE records SET content = '{}'",
        "DELETE FROM records",
    ],
)
def test_the_trace_is_never_changed(database: Database, tmp_path: Path, statement: str) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, None, CLASSES)
        sign_slide(session, slide_id, "Ada", CLASSES, "HematoVision 0.1.0")
    with pytest.raises(IntegrityError, match="are never changed"), database.begin() as session:
        session.connection().exec_driver_sql(statement)


def test_a_deleted_slide_keeps_its_trace_and_its_name(
    database: Database, tmp_path: Path, pictures: Pictures
) -> None:
    with database.begin() as session:
        slide_id = slide_with(session, tmp_path, FIELD)
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, None, CLASSES)
        signed = sign_slide(session, slide_id, "Ada", CLASSES, "HematoVision 0.1.0")
    with database.begin() as session:
        with pytest.raises(StoreError, match="Give a reason"):
            delete_slide(session, pictures, slide_id, "Ada", "")
        delete_slide(session, pictures, slide_id, "Ada", "made twice")
    with database.read() as session:
        told = entries(session, slide_id).entries
        assert [each.action for each in told][:2] == ["slide.delete", "slide.sign"]
        assert told[0].detail["reason"] == "made twice"
        assert told[0].detail["records"] == {"1": signed.sha256}
        ask = session.connection().exec_driver_sql
        assert ask("SELECT label FROM slides").scalar() == "case 1"
        for table in (FieldRow, CellRow, ReviewRow, RecordRow, TallyRow):
            assert session.query(table).count() == 0
        assert ask("PRAGMA foreign_key_check").all() == []


def test_an_emptied_database_beside_pictures_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    Database.open(tmp_path).close()
    (tmp_path / FILE).write_bytes(b"")
    Pictures(tmp_path / "pictures").put(b"a field")
    with pytest.raises(StoreError, match="is empty, but pictures of slides lie beside") as caught:
        Database.open(tmp_path)
    assert caught.value.code == "database_damaged"
    assert (tmp_path / FILE).stat().st_size == 0
