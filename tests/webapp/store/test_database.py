"""A database is made, migrated, refused when newer, and keeps its trace."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.webapp.store.fields import CLASSES, cells_of, slide_with
from webapp.store.audit import entries
from webapp.store.chain import verify
from webapp.store.database import FILE, Database
from webapp.store.errors import StoreError
from webapp.store.options import Options, read_options, write_options
from webapp.store.pictures import Pictures
from webapp.store.review import review_cells
from webapp.store.search import Wanted, find_slides
from webapp.store.signing import sign_slide
from webapp.store.slides import delete_slide, open_slide
from webapp.store.tables import Base, CellRow, FieldRow, RecordRow, ReviewRow, TallyRow

ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
FIELD = (("neutrophil", 0.9, "confident"), ("lymphocyte", 0.6, "uncertain"))


def test_the_migrations_make_the_tables_of_this_program(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@ON_SQLITE
def test_commits_survive_a_power_cut(database: Database) -> None:
    with database.begin() as session:
        ask = session.connection().exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar() == "wal"
        assert ask("PRAGMA synchronous").scalar() == 2  # FULL
        assert ask("PRAGMA foreign_keys").scalar() == 1
        assert ask("PRAGMA busy_timeout").scalar() == 10_000


def test_a_newer_database_is_refused_and_left_as_it_is(
    database: Database, place: Path | str
) -> None:
    with database.begin() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(StoreError, match="newer HematoVision") as caught:
        Database.open(place)
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


def test_two_processes_may_open_a_new_database_at_once(nowhere: Path | str) -> None:
    code = (
        "import sys, pathlib; from webapp.store.database import Database; "
        "from webapp.store.slides import open_slide\n"
        "place = sys.argv[1] if '://' in sys.argv[1] else pathlib.Path(sys.argv[1])\n"
        "sys.stdin.readline()\n"
        "with Database.open(place) as d, d.begin() as s:\n"
        "    open_slide(s, 'Ada', 'case')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(nowhere)], stdin=-1, stderr=-1)
        for _ in range(2)
    ]
    for each in both:
        assert each.stdin
        each.stdin.write(b"\n")
        each.stdin.flush()
    for each in both:
        _, errors = each.communicate(timeout=300)
        assert (each.returncode, errors) == (0, b"")
    with Database.open(nowhere) as database, database.read() as session:
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


@pytest.mark.parametrize(
    ("place", "statement"),
    [
        ("sqlite", "INSERT OR REPLACE INTO audit SELECT * FROM audit"),
        ("postgresql", "TRUNCATE audit CASCADE"),
    ],
    indirect=["place"],
)
def test_no_statement_gets_around_that(database: Database, statement: str) -> None:
    with database.begin() as session:
        open_slide(session, "Ada", "case 1")
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
        if database.is_here:
            assert ask("PRAGMA foreign_key_check").all() == []


def test_ids_are_never_given_again(database: Database, tmp_path: Path, pictures: Pictures) -> None:
    ids = list[int]()
    for _ in range(2):
        with database.begin() as session:
            slide_id = slide_with(session, tmp_path, FIELD)
            ids += [cell.id for cell in cells_of(session, slide_id)]
        with database.begin() as session:
            delete_slide(session, pictures, slide_id, "Ada", "made twice")
    assert len(set(ids)) == 2 * len(FIELD)


def test_those_who_write_take_turns(database: Database) -> None:
    """Nobody is refused, and none writes by what another has changed since."""

    def work(name: str) -> None:
        for _ in range(5):
            with database.begin() as session:
                days = read_options(session).retention_days or 0
                write_options(session, name, Options(retention_days=days + 1))

    names = ("Ada", "Bo", "Cy", "Zoë")
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(work, names))
    with database.read() as session:
        assert read_options(session).retention_days == 20
        chain = verify(session)
    assert (chain.entries, chain.broken) == (20, None)


def test_who_reads_sees_all_of_it_as_of_one_moment(database: Database) -> None:
    with database.read() as session:
        assert entries(session).entries == ()
        with database.begin() as writing:
            open_slide(writing, "Ada", "case 1")
        assert entries(session).entries == ()
    with database.read() as session:
        assert len(entries(session).entries) == 1


def test_who_reads_cannot_write_on_a_server(postgresql_url: str) -> None:
    with (
        Database.open(postgresql_url) as database,
        pytest.raises(StoreError, match="cannot be opened or written"),
        database.read() as session,
    ):
        open_slide(session, "Ada", "case 1")


def test_letters_are_searched_small_or_large_in_every_language(database: Database) -> None:
    with database.begin() as session:
        for label in ("STRASSE 50%_1", "Éva 2", "ИВАНОВ 3"):
            open_slide(session, "Ada", label)
    with database.read() as session:
        for text, found in (("straße", 1), ("ÉVA", 1), ("иванов", 1), ("50%_", 1), ("_2", 0)):
            assert len(find_slides(session, Wanted(label=text)).slides) == found


@ON_POSTGRESQL
def test_a_text_that_cannot_be_kept_is_refused(database: Database) -> None:
    with (
        pytest.raises(StoreError, match="leave strange characters out") as caught,
        database.begin() as session,
    ):
        open_slide(session, "Ada", "case 1", note="a\0b")
    assert caught.value.code == "bad_request"
    assert "\n" not in str(caught.value)


@ON_POSTGRESQL
def test_a_database_is_named_without_what_lets_somebody_in(database: Database, place: str) -> None:
    assert re.fullmatch(r"postgresql:///test\d+", database.name)
    assert database.system().startswith("PostgreSQL 1")
    assert database.size_bytes() > 0
    url = "postgresql://ada:secret@127.0.0.1:1/lab?sslpassword=secret"
    with pytest.raises(StoreError, match=r"postgresql://127\.0\.0\.1:1/lab does not let") as caught:
        Database.open(url)
    assert caught.value.code == "unreachable"
    assert not re.search("secret|ada|\n", str(caught.value))


@pytest.mark.parametrize("url", ["mysql://ada:secret@host/lab", "secret", "postgresql://ada@host"])
def test_what_is_no_url_of_a_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(StoreError, match="write it as postgresql://user@host/name") as caught:
        Database.open(url)
    assert "secret" not in str(caught.value)


@ON_POSTGRESQL
def test_work_goes_on_when_the_server_was_started_anew(database: Database) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with ExitStack() as stack:
        session = stack.enter_context(database.read())
        assert entries(session).entries == ()
        with database.begin() as another:
            another.connection().exec_driver_sql(f"{others} AND datname = current_database()")
        with pytest.raises(OperationalError):
            entries(session)
    with database.begin() as session:
        open_slide(session, "Ada", "case 1")


def test_an_emptied_database_beside_pictures_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    Database.open(tmp_path).close()
    (tmp_path / FILE).write_bytes(b"")
    Pictures(tmp_path / "pictures").put(b"a field")
    with pytest.raises(StoreError, match="is empty, but pictures of slides lie beside") as caught:
        Database.open(tmp_path)
    assert caught.value.code == "database_damaged"
    assert (tmp_path / FILE).stat().st_size == 0
