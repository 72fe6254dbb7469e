"""A backup that others have put together: what is no backup of ours is refused in one line."""

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from webapp.bench import Bench
from webapp.command import load
from webapp.maintenance.archive import MANIFEST
from webapp.maintenance.backup import make_backup
from webapp.store.database import FILE
from webapp.store.slides import open_slide

Change = Callable[[zipfile.ZipInfo], None]


@pytest.fixture
def kept(data: Path) -> Path:
    with Bench.open(data) as bench, bench.writing() as session:
        open_slide(session, "Ada", "26-1")
    return data


def put_together(kept: Path, file: Path, statements: str = "", **told: object) -> Path:
    """Make a backup whose hashes are right, of a database after some statements."""
    make_backup(kept, file)
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    changed = file.with_suffix(".db")
    changed.write_bytes(held[FILE])
    with closing(sqlite3.connect(changed)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.executescript(statements)
    held[FILE] = changed.read_bytes()
    changed.unlink()
    member = {"sha256": hashlib.sha256(held[FILE]).hexdigest(), "bytes": len(held[FILE])}
    held[MANIFEST] = json.dumps(json.loads(held[MANIFEST]) | {"database": member} | told).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return file


def restored(file: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Bring a backup back, and give the status and what is said; refused, nothing is changed."""
    before = {each: each.read_bytes() for each in data.rglob("*") if each.is_file()}
    status: int = load(["restore", str(file), "--data", str(data)])()
    said = capsys.readouterr()
    if status == 2:
        assert {each: each.read_bytes() for each in data.rglob("*") if each.is_file()} == before
        assert said.out == ""
        assert said.err.count("\n") == 1
    return status, said.err + said.out


@pytest.mark.parametrize(
    "statements",
    [
        "DROP TABLE audit",
        "DROP TABLE alembic_version",
        "UPDATE alembic_version SET version_num = '0001'",
        "ALTER TABLE slides RENAME COLUMN label TO words",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage = 99999",
        "DROP TABLE pictures; CREATE VIEW pictures AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
        "SELECT i + 1 FROM n) SELECT i AS sha256 FROM n",
        "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM options; END",
        "CREATE TRIGGER t BEFORE INSERT ON audit WHEN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
        "SELECT i + 1 FROM n) SELECT 0 FROM n WHERE i < 0) BEGIN SELECT RAISE(ABORT, 'no'); END",
        "ALTER TABLE pictures ADD COLUMN more AS (hex(zeroblob(100000000)))",
    ],
)
def test_a_database_that_is_not_ours_is_refused(
    statements: str, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put_together(kept, tmp_path / "copy.zip", statements)
    status, said = restored(file, kept, capsys)
    assert status == 2
    assert "the database is damaged" in said


def test_what_a_manifest_says_is_shown_in_one_line(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put_together(kept, tmp_path / "copy.zip", device="a\nb\x1b[2J", made_at="\n" * 20)
    status, said = restored(file, tmp_path / "new", capsys)
    assert status == 0
    assert said.count("\n") == 1
    assert r"a\nb\x1b[2J" in said


def encrypted(info: zipfile.ZipInfo) -> None:
    info.flag_bits |= 1


def strangely_packed(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_BZIP2


def larger(info: zipfile.ZipInfo) -> None:
    info.file_size += 1 << 40


@pytest.mark.parametrize("change", [encrypted, strangely_packed, larger])
@pytest.mark.parametrize("name", [FILE, MANIFEST])
def test_a_member_that_is_packed_otherwise_is_refused(
    change: Change, name: str, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put_together(kept, tmp_path / "copy.zip")
    with zipfile.ZipFile(file, "a") as archive:
        change(archive.getinfo(name))
        archive.comment = b"written anew"
    status, said = restored(file, kept, capsys)
    assert status == 2
    assert "damaged" in said or "no backup" in said


def test_a_manifest_that_is_nested_too_deeply_is_refused(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "copy.zip", "w") as archive:
        archive.writestr(MANIFEST, "[" * 100_000)
    assert restored(tmp_path / "copy.zip", kept, capsys)[0] == 2


@pytest.mark.parametrize("size", [2_000_000, 150_000_000])
def test_a_manifest_that_is_packed_a_thousand_times_is_refused_unread(
    size: int, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "copy.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, b" " * size)
    status, said = restored(file, kept, capsys)
    assert (status, "its manifest is too long" in said) == (2, True)
