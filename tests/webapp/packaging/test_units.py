"""What systemd makes of the units; nothing is started."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from webapp.packaging.archive import stage
from webapp.packaging.installer import cli, services
from webapp.packaging.installer.place import WINDOWS, Place
from webapp.packaging.installer.services import KIOSK, SERVER, rendered, start_services

MOST_EXPOSED = 20  # tenths: 2.0 of 10


@pytest.fixture(scope="module")
def analyze() -> str:
    if found := shutil.which("systemd-analyze"):
        return found
    pytest.skip("no systemd on this machine: its units cannot be tried")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units of a prefix whose programs are there."""
    folder, prefix = tmp_path / "units", tmp_path / "opt"
    stage(tmp_path / "archive")
    python = prefix / "current/environment/bin/python"
    for program in (python, tmp_path / "cage"):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.symlink_to("/bin/true")
    folder.mkdir()
    for name, text in rendered(tmp_path / "archive/systemd", prefix).items():
        (folder / name).write_text(text.replace("/usr/bin/cage", str(tmp_path / "cage")))
    return folder


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", "SYSTEMD_UNIT_PATH": f"{command[-1].parent}:"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("unit", [SERVER, KIOSK])
def test_systemd_understands_each_line(analyze: str, units: Path, unit: str) -> None:
    done = run(analyze, "verify", "--man=no", units / unit)
    ours = [line for line in done.stderr.splitlines() if "hematovision" in line]
    assert ours == []


def test_the_server_can_reach_little_of_the_system(analyze: str, units: Path) -> None:
    threshold = f"--threshold={MOST_EXPOSED}"
    done = run(analyze, "security", "--offline=yes", "--no-pager", threshold, units / SERVER)
    assert done.returncode == 0, done.stdout


def test_paths_follow_the_prefix(units: Path) -> None:
    text = (units / SERVER).read_text()
    assert f'exec "$$(readlink -f {units.parent}/opt/current)/environment/bin/python" -I' in text
    assert "/opt/hematovision" not in text
    assert "Restart=always" in text
    assert "WatchdogSec=" in text


def test_the_screen_shows_this_computer_alone(units: Path) -> None:
    command = next(
        line for line in (units / KIOSK).read_text().splitlines() if line.startswith("ExecStart=")
    )
    assert command.split()[-1] == "--app=http://127.0.0.1:5000"


@pytest.mark.skipif(WINDOWS, reason="units of Linux")
def test_a_unit_is_written_whole_and_only_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {name: tmp_path / "etc" / folder.name for name, folder in services.PLACES.items()}
    monkeypatch.setattr(services, "PLACES", places)
    monkeypatch.setattr(services, "call", lambda *_, doing: "")
    place, unit = Place(tmp_path / "opt", tmp_path / "bin"), places[SERVER] / SERVER
    stage(place.versions / "1.0.0-aaaaaaaa")
    place.switch("1.0.0-aaaaaaaa")
    start_services(place, kiosk=False)
    written = unit.stat()
    start_services(place, kiosk=False)
    assert unit.stat() == written
    unit.write_text("of a version before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            start_services(place, kiosk=False)
    assert unit.read_text() == "of a version before"
    start_services(place, kiosk=False)
    files = rendered(place.versions / "1.0.0-aaaaaaaa/systemd", place.prefix)
    assert unit.read_text() == files[SERVER]


@pytest.mark.skipif(WINDOWS, reason="units of Linux")
def test_the_service_goes_on_where_a_program_that_runs_keeps_it_from_being_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    units, called = tmp_path / "etc", list[tuple[str, ...]]()
    monkeypatch.setattr(services, "PLACES", dict.fromkeys(services.PLACES, units))
    monkeypatch.setattr(services, "UNITS", units)
    monkeypatch.setattr(services, "call", lambda *command, doing: called.append(command))
    place, name = Place(tmp_path / "opt", tmp_path / "bin"), "1.0.0-aaaaaaaa"
    stage(place.versions / name)
    place.switch(name)
    place.write_command()
    start_services(place, kiosk=True)
    written = {file.name: file.read_text() for file in units.iterdir()}
    uninstall = ["--uninstall", "--prefix", str(place.prefix), "--commands", str(tmp_path / "bin")]
    program = os.open(place.versions / name, os.O_RDONLY)
    try:
        fcntl.flock(program, fcntl.LOCK_SH)
        called.clear()
        assert cli.main(tmp_path, uninstall) == 2
    finally:
        os.close(program)
    assert {file.name: file.read_text() for file in units.iterdir()} == written
    assert ("systemctl", "disable", "--now", KIOSK, SERVER) in called
    assert called[-1] == ("systemctl", "restart", SERVER, KIOSK)
    assert cli.main(tmp_path, uninstall) == 0
    assert not list(units.iterdir())
