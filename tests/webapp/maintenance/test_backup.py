"""All that an app keeps goes into one file and comes back; what is damaged is refused and named."""

import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.webapp.store.fields import add, analysis
from webapp.bench import Bench
from webapp.command import command_line, load
from webapp.data import held
from webapp.maintenance import backup as module
from webapp.maintenance.archive import MANIFEST, BackupError, Member, opened, verify
from webapp.pages import trail
from webapp.store.accounts import add_account
from webapp.store.audit import entries
from webapp.store.database import FILE
from webapp.store.fields import fields_of
from webapp.store.passwords import hashed
from webapp.store.sessions import (
    add_token,
    begin_session,
    end_session,
    find_session,
    find_token,
    revoke_token,
)
from webapp.store.slides import delete_slide, find_slide, open_slide


def main(words: list[str]) -> int:
    """Run what `hematovision` runs."""
    return load(words)()


@pytest.fixture
def kept(data: Path) -> Path:
    """A folder with two slides and three pictures."""
    with Bench.open(data) as bench, bench.writing() as session:
        for number in (1, 2):
            slide = open_slide(session, "Ada", f"26-{number}")
            for content in (b"the same", b"of %d" % number):
                add(session, bench.pictures.folder, slide.id, analysis(), content=content)
    return data


@pytest.fixture
def backup(kept: Path, tmp_path: Path) -> Path:
    file = tmp_path / "copy.zip"
    assert main(["backup", str(file), "--data", str(kept)]) == 0
    return file


def sources(data: Path) -> list[tuple[str, int]]:
    """What a folder holds: labels and numbers of fields; each picture is read."""
    with Bench.open(data) as bench, bench.reading() as session:
        slides = [find_slide(session, slide_id) for slide_id in (1, 2)]
        for slide in slides:
            for field in fields_of(session, slide.id):
                assert field.facts.picture_sha256
                bench.pictures.find(session, field.facts.picture_sha256)
        return [(slide.label, slide.progress.fields) for slide in slides]


def test_a_backup_comes_back_in_an_empty_folder(
    backup: Path, tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other" / "device"
    assert main(["restore", str(backup), "--data", str(other)]) == 0
    assert "API tokens" not in capsys.readouterr().out
    assert sources(other) == sources(kept) == [("26-1", 2), ("26-2", 2)]
    assert sorted(each.name for each in other.iterdir()) == [FILE, "pictures"]
    with Bench.open(other) as bench, bench.reading() as session:
        assert entries(session).entries[0].action == "store.restore"
    assert main(["audit", "verify", "--data", str(other)]) == 0


def test_no_session_comes_back_and_what_was_revoked_since_is_told(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "copy.zip"
    with Bench.open(kept) as bench, bench.writing() as session:
        ada = add_account(
            session, "setup", "Ada", "administrator", hashed("some words nobody guesses", "Ada")
        )
        secret, token = begin_session(session, ada), add_token(session, "Ada", ada, "lab system")
    assert main(["backup", str(file), "--data", str(kept)]) == 0
    with Bench.open(kept) as bench, bench.writing() as session:
        end_session(session, secret)
        revoke_token(session, "Ada", 1)
    capsys.readouterr()
    assert main(["restore", str(file), "--data", str(kept)]) == 0
    said = capsys.readouterr().out
    for words in (("users", "list"), ("users", "token", "list")):
        assert f"'{command_line(*words, '--data', str(kept))}'" in said
    with Bench.open(kept) as bench, bench.reading() as session:
        assert find_session(session, secret) is None
        assert find_token(session, token) is not None
        newest = entries(session).entries[0]
    assert trail.told(newest, {}).endswith("; accounts, passwords and API tokens are those of then")


def test_a_backup_is_made_while_the_app_writes(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.zip"
    with held(kept), Bench.open(kept) as bench, bench.writing() as session:
        open_slide(session, "Ada", "not committed yet")
        assert main(["backup", str(file), "--data", str(kept)]) == 0
    with opened(file) as (archive, manifest):
        verify(archive, manifest, file)
    assert len(manifest.pictures) == 3
    assert [each.name for each in kept.iterdir() if each.name.startswith(".")] == []


def test_what_was_there_is_kept_aside(
    backup: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Bench.open(kept) as bench, bench.writing() as session:
        slide = open_slide(session, "Ada", "after the backup")
        add(session, bench.pictures.folder, slide.id, analysis(), content=b"newer")
    assert main(["restore", str(backup), "--data", str(kept)]) == 0
    assert sources(kept) == [("26-1", 2), ("26-2", 2)]
    (aside,) = kept.glob("before-restore-*")
    assert str(aside) in capsys.readouterr().out
    with Bench.open(aside) as bench, bench.reading() as session:
        assert find_slide(session, 3).label == "after the backup"
        (field,) = fields_of(session, 3)
        assert field.facts.picture_sha256
        assert (
            bench.pictures.find(session, field.facts.picture_sha256).file.read_bytes() == b"newer"
        )


def test_a_damaged_database_is_replaced_and_kept_aside(backup: Path, kept: Path) -> None:
    (kept / FILE).write_bytes(b"no database" * 1000)
    (kept / f"{FILE}-wal").write_bytes(b"no log")
    assert main(["restore", str(backup), "--data", str(kept)]) == 0
    assert sources(kept) == [("26-1", 2), ("26-2", 2)]
    (aside,) = kept.glob("before-restore-*")
    assert (aside / FILE).read_bytes().startswith(b"no database")
    assert (aside / f"{FILE}-wal").read_bytes() == b"no log"


def test_a_damaged_picture_is_brought_back(backup: Path, kept: Path) -> None:
    picture = next((kept / "pictures").glob("??/*"))
    content = picture.read_bytes()
    picture.write_bytes(b"x" * len(content))
    assert main(["restore", str(backup), "--data", str(kept)]) == 0
    assert picture.read_bytes() == content


def test_no_backup_is_brought_back_under_a_server(
    backup: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(kept):
        assert main(["restore", str(backup), "--data", str(kept)]) == 2
    assert "another server works in" in capsys.readouterr().err
    assert list(kept.glob("before-restore-*")) == []


def test_a_file_that_is_no_backup_is_refused(
    tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", "[]")
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as archive:
        archive.writestr("manifest.json", '{"schema": "hematovision.backup/9"}')
    for name, told in (
        ("missing.zip", "cannot be read"),
        ("text.zip", "no backup of HematoVision"),
        ("other.zip", "no backup of HematoVision"),
        ("newer.zip", "newer HematoVision"),
    ):
        assert main(["restore", str(tmp_path / name), "--data", str(kept)]) == 2
        said = capsys.readouterr().err
        assert told in said
        assert said.count("\n") == 1
    assert sources(kept) == [("26-1", 2), ("26-2", 2)]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_whatever_byte_is_changed_nothing_wrong_comes_back(
    backup: Path, place: float, change: int
) -> None:
    content = bytearray(backup.read_bytes())
    content[int(place * len(content))] ^= change
    file = backup.with_name("changed.zip")
    file.write_bytes(content)
    with opened(backup) as (archive, sound):
        wanted = {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}
    refused = None
    try:
        with opened(file) as (archive, manifest):
            verify(archive, manifest, file)
            assert manifest.pictures == sound.pictures
            assert {name: archive.read(name) for name in wanted} == wanted
    except BackupError as error:
        refused = error.code
    assert refused in (None, "backup_damaged", "not_a_backup", "backup_newer")


def remove_a_picture(data: Path) -> None:
    next((data / "pictures").glob("??/*")).unlink()


def damage_a_picture(data: Path) -> None:
    next((data / "pictures").glob("??/*")).write_bytes(b"damaged")


def hide_a_picture(data: Path) -> None:
    """It cannot be opened."""
    picture = next((data / "pictures").glob("??/*"))
    picture.unlink()
    picture.mkdir()


def break_a_picture(data: Path) -> None:
    """It is opened, and what is read of it is an error."""
    unreadable = Path("/proc/self/mem")
    if not unreadable.exists():
        pytest.skip("there is no file here that opens and cannot be read")
    picture = next((data / "pictures").glob("??/*"))
    picture.unlink()
    picture.symlink_to(unreadable)


@pytest.mark.parametrize(
    "damage", [remove_a_picture, damage_a_picture, hide_a_picture, break_a_picture]
)
def test_a_picture_that_cannot_be_put_in_is_told(
    kept: Path, tmp_path: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(kept)
    file = tmp_path / "copy.zip"
    assert main(["backup", str(file), "--data", str(kept)]) == 1
    assert "1 picture could not be put in" in capsys.readouterr().err
    assert main(["restore", str(file), "--data", str(tmp_path / "new")]) == 0


def test_a_damaged_database_takes_no_good_backup_away(
    backup: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = backup.read_bytes()
    with (kept / FILE).open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)
    assert main(["backup", str(backup), "--data", str(kept)]) == 2
    assert "damaged" in capsys.readouterr().err
    assert backup.read_bytes() == before
    assert [each.name for each in backup.parent.iterdir() if each.name.startswith(".")] == []


def test_a_broken_trail_is_told_and_backed_up_all_the_same(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(kept / FILE) as connection:
        connection.execute("DROP TRIGGER audit_keep_update")
        connection.execute("UPDATE audit SET by = 'Eve' WHERE id = 2")
    connection.close()
    file = tmp_path / "copy.zip"
    for command in (["audit", "verify"], ["backup", str(file)]):
        assert main([*command, "--data", str(kept)]) == 1
        told = capsys.readouterr().err
        assert "the trail is broken: entry 2 (" in told
        assert "sign nothing more in this data; keep it as it is" in told
        assert f"restore FILE --data {kept}'" in told
    assert main(["restore", str(file), "--data", str(tmp_path / "new")]) == 1


def test_where_nothing_is_kept_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["audit", "verify"], ["backup", str(tmp_path / "copy.zip")]):
        assert main([*command, "--data", str(tmp_path / "none")]) == 2
        assert "holds no data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_file_can_have_is_one_line(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, strange = str(tmp_path / "copy.zip"), str(tmp_path / ("x" * 300))
    for command, words in (
        (["audit", "verify", "--data", strange], "cannot be read (File name too long)"),
        (["backup", copy, "--data", strange], "cannot be read (File name too long)"),
        (["backup", strange, "--data", str(kept)], "cannot be written to (File name too long)"),
    ):
        assert main(command) == 2
        error = capsys.readouterr().err
        assert (words in error, error.count("\n")) == (True, 1)


def test_what_was_broken_off_a_day_ago_goes_with_the_next_command(backup: Path, kept: Path) -> None:
    for command in (["backup", str(backup)], ["restore", str(backup)]):
        broken_off = [kept / ".tmp-backup-old", kept / ".tmp-backup-new"]
        for each in broken_off:
            each.mkdir(exist_ok=True)
        os.utime(broken_off[0], (0, 0))
        assert main([*command, "--data", str(kept)]) == 0
        assert [each.exists() for each in broken_off] == [False, True]


def test_a_place_that_cannot_be_written_to_is_told(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "missing" / "copy.zip"
    assert main(["backup", str(file), "--data", str(kept)]) == 2
    assert f"{file.parent} cannot be written to" in capsys.readouterr().err


def test_a_backup_takes_no_other_files_place_and_is_its_owners(
    backup: Path, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    assert main(["backup", str(backup), "--data", str(kept)]) == 0  # an older one
    picture = tmp_path / "cell.jpg"
    picture.write_bytes(b"of somebody")
    refusals = {
        picture: f"{picture} is there, and no backup",
        tmp_path: f"{tmp_path} is a folder: name a file in it, such as {tmp_path / 'copy.zip'}",
    }
    for other, words in refusals.items():
        capsys.readouterr()
        assert main(["backup", str(other), "--data", str(kept)]) == 2
        assert words in capsys.readouterr().err
    assert picture.read_bytes() == b"of somebody"


def test_the_manifest_says_what_is_in_it(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        told = json.loads(archive.read(MANIFEST))
        assert len(archive.namelist()) == 5
    assert told["schema"] == "hematovision.backup/1"
    assert told["entries"] == 6
    assert told["broken"] is None


def test_a_picture_that_is_removed_meanwhile_is_in_the_backup(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its field is in the database of the backup, which is as of one moment."""
    with Bench.open(kept) as bench:
        add_file = module.add

        def remove_first(archive: zipfile.ZipFile, name: str, file: Path, **how: bool) -> Member:
            if name == FILE:
                with bench.writing() as session:
                    delete_slide(session, bench.pictures, 1, "Ada", "made twice")
            return add_file(archive, name, file, **how)

        monkeypatch.setattr(module, "add", remove_first)
        assert main(["backup", str(tmp_path / "copy.zip"), "--data", str(kept)]) == 0
    assert len(list(kept.glob("pictures/??/*"))) == 2
    new = tmp_path / "new"
    assert main(["restore", str(tmp_path / "copy.zip"), "--data", str(new)]) == 0
    assert sources(new) == [("26-1", 2), ("26-2", 2)]
