"""A copy a day goes to another disk when it is there and nobody works; the last few are kept."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from flask.testing import FlaskClient

from tests.webapp.store.fields import add, analysis
from webapp.bench import Bench
from webapp.maintenance import copies as module
from webapp.maintenance.archive import BackupError, Manifest, opened, verify
from webapp.maintenance.copies import EACH, PATIENCE, QUIET, Copies
from webapp.store.audit import entries
from webapp.store.options import change_options
from webapp.store.slides import open_slide
from webapp.store.tables import now

PERSON = {"X-Person": "Ada"}
MEMORY = Path("/dev/shm")  # noqa: S108 - another disk than that of temporary files


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk here")
    folder = Path(mkdtemp(dir=MEMORY))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def bench(data: Path, stick: Path) -> Iterator[Bench]:
    bench = Bench.open(data)
    with bench.writing() as session:
        open_slide(session, "Ada", "26-0417")
        change_options(session, "Ada", copy_folder=str(stick), copies_kept=2)
    yield bench
    bench.close()


@pytest.fixture
def copies(bench: Bench) -> Copies:
    assert bench.copies
    return bench.copies


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let time pass for the copies."""
    monkeypatch.setattr(module, "now", lambda: now() + by)


def test_a_copy_is_made_when_nobody_works(
    bench: Bench, copies: Copies, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert copies.tend() is None, "Ada has just written"
    later(monkeypatch, QUIET)
    made = copies.tend()
    assert list(stick.iterdir()) == [made]
    with opened(made) as (archive, manifest):
        verify(archive, manifest, made)
    state = copies.state()
    assert state.last
    assert (state.last.file, state.last.bytes) == (str(made), made.stat().st_size)
    with bench.reading() as session:
        entry = entries(session).entries[0]
    assert (entry.action, entry.detail["head"]) == ("store.copy", manifest.head)
    assert copies.tend() is None, "the next one is due tomorrow"


def test_who_works_all_day_is_copied_all_the_same(
    bench: Bench, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, QUIET)
    assert copies.tend()
    late = QUIET + EACH + PATIENCE + timedelta(minutes=1)
    monkeypatch.setattr("webapp.store.audit.now", lambda: now() + late)
    with bench.writing() as session:
        open_slide(session, "Ada", "26-0418")
    later(monkeypatch, late - PATIENCE)
    assert copies.tend() is None
    later(monkeypatch, late)
    assert copies.tend()


def test_only_the_last_copies_are_kept_and_nothing_else_is_touched(
    copies: Copies, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {"thesis.zip", "hematovision-other-20260101-000000.zip", "hematovision.zip"}
    for name in others:
        (stick / name).write_text("of somebody")
    stale = stick / ".tmp-backup-abc"
    stale.write_text("broken off")
    os.utime(stale, (0, 0))
    made = []
    for day in range(4):
        later(monkeypatch, QUIET + day * EACH + timedelta(seconds=day))
        made.append(copies.tend())
    assert {each.name for each in stick.iterdir()} == {*others, *(e.name for e in made[2:] if e)}


def test_a_stick_that_is_not_there_is_no_failure(
    copies: Copies, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, QUIET)
    stick.rmdir()
    assert copies.tend() is None
    assert (copies.state().is_there, copies.state().problem) == (False, None)
    stick.mkdir()
    assert copies.tend()


def test_a_copy_on_the_same_disk_is_none(
    bench: Bench, copies: Copies, tmp_path: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is the place of a stick that is not mounted; who names it is told while still working."""
    with bench.writing() as session:
        change_options(session, "Ada", copy_folder=str(tmp_path))
    assert copies.tend() is None
    problem = copies.state().problem
    assert problem
    assert "lies on the disk of the data" in problem.message
    with bench.writing() as session:
        change_options(session, "Ada", copy_folder=str(stick))
    later(monkeypatch, QUIET)
    assert copies.tend()
    assert copies.state().problem is None


def test_a_copy_that_fails_is_tried_again_ever_later(
    bench: Bench, copies: Copies, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, clock_s = list[float](), 0.0

    def fail(data: Path, file: Path) -> Manifest:
        tries.append(clock_s / 60)
        raise BackupError("disk_full", "The disk is full")

    later(monkeypatch, QUIET)
    copies._clock = lambda: clock_s
    make_backup = module.make_backup
    monkeypatch.setattr(module, "make_backup", fail)
    for minute in range(16 * 60):
        clock_s = minute * 60.0
        assert copies.tend() is None
    assert tries == [0, 1, 3, 7, 15, 31, 63, 127, 255, 495, 735]
    monkeypatch.setattr(module, "make_backup", make_backup)
    assert copies.tend() is None
    stick.rmdir()
    assert copies.tend() is None
    stick.mkdir()
    assert copies.tend(), "it was put in anew"


def test_a_copy_without_a_picture_that_cannot_be_read_is_made_and_says_so(
    bench: Bench, copies: Copies, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench.writing() as session:
        add(session, bench.pictures.folder, 1, analysis(), content=b"a field")
    picture = next((data / "pictures").glob("??/*"))
    picture.unlink()
    picture.mkdir()
    later(monkeypatch, QUIET)
    made, problem = copies.tend(), copies.state().problem
    assert problem
    assert f"lacks 1 picture, missing, damaged or unreadable, such as {picture.name[:12]}" in (
        problem.message
    )
    with opened(made) as (archive, manifest):
        verify(archive, manifest, made)
        assert manifest.left_out == [picture.name]


def test_the_page_says_where_copies_go_and_when_the_last_was_made(
    client: FlaskClient, stick: Path
) -> None:
    assert 'id="copies"' not in client.get("/device").text
    wish = {"copy_folder": str(stick / "missing"), "copies_kept": 3}
    assert client.patch("/api/v1/options", json=wish, headers=PERSON).json["copies_kept"] == 3
    told = client.get("/api/v1/device").json["copies"]
    assert (told["folder"], told["is_there"]) == (wish["copy_folder"], False)
    page = client.get("/device").text
    assert "put the stick in" in page
    assert "none yet" in page


@pytest.mark.parametrize("wish", [{"copy_folder": "stick"}, {"copy_folder": "/a\nb"}])
def test_a_folder_must_be_named_whole(client: FlaskClient, wish: dict[str, str]) -> None:
    refused = client.patch("/api/v1/options", json=wish, headers=PERSON)
    assert refused.status_code == 400
    assert "name all of it" in refused.json["error"]["message"]
