"""A device is updated and rolled back: real versions with tiny bundles, and a real server."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiny_bundle import make_tiny_bundle
from tests.webapp.serving import ROOT
from tests.webapp.update.conftest import Shelf
from tests.webapp.update.small import NEWEST
from webapp.bench import Bench
from webapp.packaging.bundles import make_bundle_package
from webapp.packaging.installer.version import python_of
from webapp.packaging.signing import PRIVATE, Signer, read_key
from webapp.store.before import kept_before
from webapp.store.database import FILE
from webapp.store.slides import find_slide, open_slide
from webapp.update.device import Device
from webapp.update.errors import UpdateError
from webapp.update.trial import ask
from webapp.update.update import roll_back, update

OPEN = (
    "import pathlib, sys; from webapp.bench import Bench; "
    "Bench.open(pathlib.Path(sys.argv[1])).close()"
)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the way of Linux")


def keep(data: Path, label: str) -> None:
    with Bench.open(data) as bench, bench.writing() as session:
        open_slide(session, "Ada", label)


def label_of(data: Path) -> str:
    with Bench.open(data) as bench, bench.reading() as session:
        return find_slide(session, 1).label


def said(_: str) -> None:
    pass


def served(device: Device) -> str:
    health = ask(device.url)
    assert health is not None
    assert health.troubles == ()
    return health.version


def start(device: Device) -> None:
    assert device.restart is not None
    subprocess.run(device.restart, check=True)


def everything(folder: Path) -> dict[str, int]:
    return {str(each): each.lstat().st_mtime_ns for each in folder.rglob("*")}


def test_updated_the_server_is_the_new_one_and_has_the_data(device: Device, shelf: Shelf) -> None:
    keep(device.data, "before")
    start(device)
    before = device.current
    assert served(device) == "1.0.0"
    name = update(device, shelf.new, said)
    assert device.current == name
    assert name.startswith("1.1.0-")
    assert served(device) == "1.1.0"
    assert {each.name for each in device.place.versions.iterdir()} == {before, name}
    assert [each.name for each in kept_before(device.data / FILE)] == [f"{FILE}.before-{NEWEST}"]
    with pytest.raises(UpdateError, match="--undo-data goes back"):
        roll_back(device, said)  # the old program does not know the migrated tables
    assert served(device) == "1.1.0"
    assert roll_back(device, said, undo=True) == before
    assert served(device) == "1.0.0"
    assert label_of(device.data) == "before"
    assert list(device.data.glob("before-undo-*"))
    with pytest.raises(UpdateError, match="there is no version from before"):
        roll_back(device, said)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unsigned", "is not signed: take one that is"),
        ("stranger", "is not signed with a key that this device trusts"),
    ],
)
def test_what_is_not_signed_by_a_trusted_key_touches_nothing(
    device: Device, shelf: Shelf, name: str, words: str
) -> None:
    before = everything(device.place.prefix)
    with pytest.raises(UpdateError, match=words):
        update(device, getattr(shelf, name), said)
    assert everything(device.place.prefix) == before


def test_what_is_no_package_touches_nothing(device: Device, shelf: Shelf, tmp_path: Path) -> None:
    before = everything(device.place.prefix)
    content = shelf.new.read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("letters/one.txt", "Dear Ada")
    for text, words in (
        (b"", "is not whole, or damaged: copy it again"),
        (content[:1000], "is not whole, or damaged: copy it again"),
        (other.getvalue()[:-30], "is not whole, or damaged: copy it again"),
        (b"no archive", "is no update of HematoVision: name an archive such as"),
        (other.getvalue(), "is no update of HematoVision: name an archive such as"),
    ):
        (tmp_path / "file").write_bytes(text)
        with pytest.raises(UpdateError, match=words):
            update(device, tmp_path / "file", said)
    with pytest.raises(UpdateError, match="cannot be read"):
        update(device, tmp_path / "missing", said)
    assert everything(device.place.prefix) == before


def test_a_package_that_is_cut_or_changed_after_its_manifest_is_refused(
    device: Device, shelf: Shelf, tmp_path: Path
) -> None:
    versions, content = set(device.place.versions.iterdir()), shelf.new.read_bytes()
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    with pytest.raises(UpdateError, match=r"cut is not whole|cut is damaged"):
        update(device, tmp_path / "cut", said)
    assert set(device.place.versions.iterdir()) == versions


def test_a_version_that_never_starts_is_found_before_it_runs(device: Device, shelf: Shelf) -> None:
    keep(device.data, "before")
    start(device)
    before = device.current
    with pytest.raises(UpdateError, match=r"does not work with the data here.*it never starts"):
        update(device, shelf.never_starts, said)
    assert device.current == before
    assert served(device) == "1.0.0"
    assert kept_before(device.data / FILE) == []
    assert {each.name for each in device.data.iterdir()} >= {FILE}
    assert not list(device.data.glob(".tmp*"))


def test_a_version_that_fails_when_it_counts_is_rolled_back(
    device: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(device.data, "before")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 86400)  # the clock is put back meanwhile
    start(device)
    before = device.current
    with pytest.raises(UpdateError, match=f"it has ended.*{before} runs again; .*before-undo-"):
        update(device, shelf.fails_later, said)
    assert device.current == before
    assert served(device) == "1.0.0"
    assert label_of(device.data) == "before"
    assert list(device.data.glob("before-undo-*")), "it has not migrated the data"


def test_without_a_way_to_start_it_the_server_runs_on(device: Device, shelf: Shelf) -> None:
    start(device)
    lines = list[str]()
    name = update(replace(device, restart=None), shelf.new, lines.append)
    assert device.current == name
    assert served(device) == "1.0.0"
    assert "start it anew to change over" in lines[-1]
    with pytest.raises(UpdateError, match=r"is still of 1\.0\.0-.*: start it anew"):
        update(replace(device, restart=None), shelf.new, said)


def test_a_server_keeps_its_files_while_models_are_updated(
    device: Device, shelf: Shelf, tmp_path: Path
) -> None:
    start(device)
    still, before = replace(device, restart=None), device.current
    update(still, package_of(tmp_path / "b", shelf, version="2.0.0"), said)
    with pytest.raises(UpdateError, match=f"is still of {before}: start it anew"):
        update(still, package_of(tmp_path / "c", shelf, version="2.1.0"), said)
    assert (device.place.versions / before).is_dir()


def test_an_older_version_is_no_update(device: Device, shelf: Shelf) -> None:
    still, lines = replace(device, restart=None), list[str]()
    update(still, shelf.new, lines.append)
    assert lines[-1].startswith(f"there is no database in {device.data}: proving 1.1.0-")
    with pytest.raises(UpdateError, match=r"1\.0\.0, older than 1\.1\.0"):
        update(still, shelf.old, said)
    lines.clear()
    assert update(still, shelf.new, lines.append) == device.current
    installed = f"{device.current} is installed already, nothing is changed: "
    assert lines == [f"{installed}no server answers at {device.url}"]
    start(device)
    update(still, shelf.new, lines.append)
    assert lines[-1] == f"{installed}it runs at {device.url}"


def test_it_is_told_that_a_server_is_still_of_the_version_before(
    device: Device, shelf: Shelf
) -> None:
    start(device)
    update(replace(device, restart=None), shelf.new, said)
    lines = list[str]()
    assert update(device, shelf.new, lines.append).startswith("1.1.0-")
    assert re.search(r"is still of 1\.0\.0-.*, start it anew", lines[-1])


@pytest.mark.parametrize("runs", [False, True])
def test_what_is_wrong_already_keeps_nobody_from_updating(
    runs: bool, device: Device, shelf: Shelf
) -> None:
    device.data.mkdir()
    (device.data / FILE).write_bytes(b"no database" * 1000)
    if runs:
        start(device)
    update(device, shelf.new, said)
    health = ask(device.url)
    assert health is not None
    assert (health.version, health.troubles) == ("1.1.0", ("database_damaged",))
    assert (device.data / FILE).read_bytes() == b"no database" * 1000


def test_what_was_well_before_has_to_be_so_again(device: Device, shelf: Shelf) -> None:
    start(device)
    before, lines = device.current, list[str]()
    with pytest.raises(UpdateError, match=r"with the data here: .*is not a model bundle"):
        update(device, shelf.finds_nothing, lines.append)
    assert lines[-1].startswith("1.1.0-")
    assert lines[-1].endswith(f": looking whether {before} is")
    assert served(device) == "1.0.0"


def package_of(folder: Path, shelf: Shelf, **changes: object) -> Path:
    signer = Signer(read_key(shelf.keys / PRIVATE, ""))
    return make_bundle_package(make_tiny_bundle(folder, **changes), folder / "dist", signer)


def test_a_new_bundle_answers_and_survives_the_next_version(
    device: Device, shelf: Shelf, tmp_path: Path
) -> None:
    still, before = replace(device, restart=None), device.current
    name = update(still, package_of(tmp_path / "b", shelf, version="2.0.0"), said)
    assert name.startswith(f"{before}+")
    assert bundle_version(device) == "2.0.0"
    with pytest.raises(UpdateError, match=r"tiny 1\.5\.0, older than 2\.0\.0"):
        update(still, package_of(tmp_path / "c", shelf, version="1.5.0"), said)
    assert update(still, shelf.new, said).startswith("1.1.0-")
    assert bundle_version(device) == "2.0.0"
    assert roll_back(still, said) == name
    assert bundle_version(device) == "2.0.0"


def test_only_the_migration_of_the_last_update_is_undone(
    device: Device, shelf: Shelf, tmp_path: Path
) -> None:
    keep(device.data, "before")
    still = replace(device, restart=None)
    migrated = update(still, shelf.new, said)
    subprocess.run(
        [python_of(device.place.versions / migrated), "-I", "-c", OPEN, device.data], check=True
    )
    name = update(still, package_of(tmp_path, shelf, version="2.0.0"), said)
    before = everything(device.data)
    with pytest.raises(UpdateError, match=f"was not migrated since {re.escape(migrated)} ran"):
        roll_back(still, said, undo=True)
    assert device.current == name
    assert everything(device.data) == before
    assert roll_back(still, said) == migrated


def bundle_version(device: Device) -> str:
    python = python_of(device.place.versions / device.current)
    done = subprocess.run(
        [python, "-I", "-m", "webapp", "models"], capture_output=True, text=True, check=True
    )
    (line,) = [each for each in done.stdout.splitlines() if "tiny" in each]
    return next(word for word in line.split() if word[0].isdigit() and word.count(".") == 2)


def test_a_bundle_that_answers_otherwise_is_refused(
    device: Device, shelf: Shelf, tmp_path: Path
) -> None:
    before = everything(device.place.prefix)
    golden = {"red": 0.1, "green": 0.8, "blue": 0.1}
    bundle = make_tiny_bundle(tmp_path, version="2.0.0")
    text = (bundle / "manifest.json").read_text()
    assert '"red": 0.99' in text
    manifest = json.loads(text)
    manifest["golden"]["probabilities"] = {"int8": golden, "fp32": golden}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    signer = Signer(read_key(shelf.keys / PRIVATE, ""))
    package = make_bundle_package(bundle, tmp_path / "dist", signer)
    with pytest.raises(UpdateError, match=r"do not answer here.*answers its golden picture"):
        update(device, package, said)
    after = everything(device.place.prefix)
    for each in (before, after):
        each.pop(str(device.place.versions))
    assert after == before


def test_killed_at_some_moments_the_old_or_the_new_one_runs(device: Device, shelf: Shelf) -> None:
    keep(device.data, "before")
    start(device)
    prefix, port = str(device.place.prefix), device.url.rpartition(":")[2]
    assert device.restart is not None
    command = [sys.executable, "-m", "webapp", "update", str(shelf.new), "--prefix", prefix]
    command += ["--data", str(device.data), "--port", port, "--restart", " ".join(device.restart)]
    for marker in ("comparing", "installing", "proving", "starting", ""):
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            lines = iter(process.stdout)
            while marker and marker not in (line := next(lines, "")):
                assert line, "it has ended"
            if marker:
                time.sleep(0.3)
                os.kill(process.pid, signal.SIGKILL)
            rest = "".join(lines)
        assert device.place.current is not None
        python = python_of(device.place.versions / device.place.current)
        assert subprocess.run([python, "-I", "-c", "import webapp.cli"]).returncode == 0
    assert process.returncode == 0, rest
    assert served(device) == "1.1.0"
    assert not list(device.place.versions.glob(".*"))
