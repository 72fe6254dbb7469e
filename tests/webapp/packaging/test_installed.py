"""A whole archive, installed without a network: `make wheelhouse`, then these tests."""

import json
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.webapp.serving import ROOT
from webapp import __version__
from webapp.packaging.installer.place import Place
from webapp.packaging.measure import measure

pytestmark = pytest.mark.archive
MOST_BYTES = 200_000_000  # of an installed version
MACHINE = os.uname().machine if hasattr(os, "uname") else ""
ARCHIVE = ROOT / "dist" / f"hematovision-{__version__}-linux-{MACHINE}.tar.gz"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not ARCHIVE.exists():
        pytest.skip(f"no {ARCHIVE.name} in dist/: run 'make wheelhouse PLATFORM=linux-{MACHINE}'")
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(folder, filter="data")
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """What a command is run with, to have no network; nothing where this user may not."""
    command = ["unshare", "--net", "true"]
    allowed = shutil.which("unshare") and subprocess.run(command, capture_output=True)
    return command[:2] if allowed and allowed.returncode == 0 else []


@pytest.fixture(scope="module")
def place(unpacked: Path, alone: list[str], tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("device")
    place = Place(folder / "opt", folder / "bin")
    done = subprocess.run([*alone, *installer(unpacked, place)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return place


def installer(unpacked: Path, place: Place) -> list[str]:
    places = ["--prefix", str(place.prefix), "--commands", str(place.command.parent)]
    return [str(unpacked / "install.sh"), *places]


def test_it_starts_answers_and_is_small_enough(place: Place) -> None:
    taken = measure(place.prefix / "current")
    assert taken.size_bytes <= MOST_BYTES
    assert taken.first_page_s > 0


def test_its_command_works_from_any_folder_whatever_lies_there(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "webapp.py").write_text("raise SystemExit(9)")
    (tmp_path / "runtime.py").write_text("raise SystemExit(9)")
    done = subprocess.run([place.command, "verify"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "golden picture right" in done.stdout


def test_installed_again_it_stays_as_it_is(place: Place, unpacked: Path) -> None:
    before = {each: each.stat().st_mtime_ns for each in place.versions.iterdir()}
    assert subprocess.run(installer(unpacked, place), capture_output=True).returncode == 0
    assert {each: each.stat().st_mtime_ns for each in place.versions.iterdir()} == before


def test_cut_off_it_leaves_the_version_that_runs(
    place: Place, unpacked: Path, tmp_path: Path
) -> None:
    newer = shutil.copytree(unpacked, tmp_path / "newer", symlinks=True)
    manifest = json.loads((newer / "manifest.json").read_text())
    (newer / "manifest.json").write_text(json.dumps({**manifest, "version": "99.0.0"}))
    current = place.current
    with subprocess.Popen(
        installer(newer, place), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        while "trying it" not in process.stdout.readline():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
    assert place.current == current
    assert not list(place.versions.glob("99.0.0-*"))
    assert subprocess.run([place.command, "--version"]).returncode == 0


def test_removed_it_leaves_nothing_of_itself(place: Place, unpacked: Path) -> None:
    command = [*installer(unpacked, place), "--uninstall"]
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert not place.prefix.exists()
    assert not place.command.exists()
