"""Pictures are on the disk before their row, whole or not at all, and gone after it."""

import errno
import hashlib
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from webapp.store.audit import entries
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.options import Options, write_options
from webapp.store.pictures import RESERVED_BYTES, Pictures
from webapp.store.retention import tidy
from webapp.store.tables import PictureRow, now


def files(pictures: Pictures) -> list[Path]:
    return [file for file in pictures.folder.rglob("*") if file.is_file()]


def test_a_picture_is_named_by_its_content(database: Database, pictures: Pictures) -> None:
    with database.begin() as session:
        kept = pictures.keep(session, b"one", "image/png")
        assert pictures.keep(session, b"one", "image/png") == kept
    assert kept.file.name == kept.sha256 == hashlib.sha256(b"one").hexdigest()
    assert kept.file.read_bytes() == b"one"
    assert files(pictures) == [kept.file]
    with database.read() as session:
        assert pictures.find(session, kept.sha256) == kept


def test_a_full_disk_is_one_clear_error_and_nothing_is_half_written(
    database: Database, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    refused = pytest.raises(StoreError, match="is full, the picture was not kept")
    with refused as caught, database.begin() as session:
        pictures.keep(session, b"one", "image/png")
    assert caught.value.code == "disk_full"
    assert files(pictures) == []
    monkeypatch.undo()
    with database.read() as session, pytest.raises(StoreError, match="is not kept"):
        pictures.find(session, hashlib.sha256(b"one").hexdigest())


def test_pictures_leave_room_on_the_disk_for_what_is_reviewed_and_signed(
    database: Database, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shutil.disk_usage(pictures.folder.parent)._replace(total=32 * 10**9)

    def free(n_bytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: whole._replace(free=n_bytes))

    free(RESERVED_BYTES + 2)
    with pytest.raises(StoreError, match="nearly full") as caught, database.begin() as session:
        pictures.keep(session, b"one", "image/png")
    assert caught.value.code == "disk_full"
    assert files(pictures) == []
    free(RESERVED_BYTES + 3)
    with database.begin() as session:
        pictures.keep(session, b"one", "image/png")
    assert len(files(pictures)) == 1


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_full_disk_of_the_database_is_one_clear_error(database: Database) -> None:
    def fill() -> None:
        with database.begin() as session:
            ask = session.connection().exec_driver_sql
            ask(f"PRAGMA max_page_count={ask('PRAGMA page_count').scalar()}")
            ask("CREATE TABLE large AS SELECT randomblob(1000000) AS x")

    with pytest.raises(StoreError, match="The disk is full, nothing was kept") as caught:
        fill()
    assert caught.value.code == "disk_full"


def test_a_rollback_keeps_the_files(database: Database, pictures: Pictures) -> None:
    with database.begin() as session:
        kept = pictures.keep(session, b"one", "image/png")

    def break_off() -> None:
        with database.begin() as session:
            assert pictures.release(session, {kept.sha256}) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with database.read() as session:
        assert pictures.find(session, kept.sha256).file.exists()


def test_old_pictures_expire(database: Database, pictures: Pictures) -> None:
    with database.begin() as session:
        pictures.keep(session, b"one", "image/png")
    with database.begin() as session:
        assert pictures.expire(session, "Ada", now() - timedelta(days=1)) == 0
        assert pictures.expire(session, "Ada", now() + timedelta(seconds=1)) == 1
        assert entries(session).entries[0].action == "pictures.expire"
    assert files(pictures) == []


def test_a_sweep_takes_old_files_of_no_row(database: Database, pictures: Pictures) -> None:
    with database.begin() as session:
        kept = pictures.keep(session, b"one", "image/png")
    for name, age_s in (("f" * 64, 7200), ("e" * 64, 0), (".tmpabc", 7200)):
        (kept.file.parent / name).write_bytes(b"stray")
        os.utime(kept.file.parent / name, (now().timestamp() - age_s,) * 2)
    os.utime(kept.file, (now().timestamp() - 7200,) * 2)
    assert pictures.sweep(database) == 2
    assert {file.name for file in files(pictures)} == {kept.sha256, "e" * 64}


def test_pictures_are_removed_as_the_options_say(database: Database, pictures: Pictures) -> None:
    with database.begin() as session:
        old, new = (pictures.keep(session, content, "image/png") for content in (b"old", b"new"))
        row = session.get(PictureRow, old.sha256)
        assert row
        row.kept_at = now() - timedelta(days=8)
    assert tidy(database, pictures) == 0
    with database.begin() as session:
        write_options(session, "Ada", Options(retention_days=7))
    assert tidy(database, pictures) == 1
    assert files(pictures) == [new.file]


def test_who_writes_waits_for_no_disk(database: Database, pictures: Pictures) -> None:
    pictures.put(b"one")
    (put,) = files(pictures)
    os.utime(put, (0, 0))
    with database.begin() as session:
        kept = pictures.keep(session, b"one", "image/png")
    assert kept.file == put
    assert put.stat().st_mtime > 0, "a sweep would take it"


def test_a_picture_put_on_the_disk_and_removed_by_another_is_put_there_again(
    database: Database, pictures: Pictures
) -> None:
    with database.begin() as session:
        kept = pictures.keep(session, b"one", "image/png")
    pictures.put(b"one")
    with database.begin() as session:
        pictures.release(session, {kept.sha256})
    assert files(pictures) == []
    with database.begin() as session:
        assert pictures.keep(session, b"one", "image/png").file.read_bytes() == b"one"
