"""Versions installed and removed by hand, while a server of one of them runs."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.webapp.update import restart
from tests.webapp.update.conftest import Shelf
from webapp.update.device import Device
from webapp.update.trial import ask

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the way of Linux")


def installer(device: Device, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installer of a package that was unpacked, or of a version."""
    places = ["--prefix", device.place.prefix, "--commands", device.place.command.parent]
    command = [sys.executable, "-I", folder / "install.py", *places, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True)


def unpacked(package: Path, folder: Path) -> Path:
    with tarfile.open(package) as packed:
        packed.extractall(folder, filter="data")
    return next(folder.iterdir())


def test_a_server_keeps_its_files_until_it_ends(
    device: Device, shelf: Shelf, tmp_path: Path
) -> None:
    assert device.restart is not None
    subprocess.run(device.restart, check=True)
    runs = device.current
    for name in ("new", "stranger"):
        done = installer(device, unpacked(getattr(shelf, name), tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].startswith(f"{runs} still runs, and its files stay")
    assert (device.place.versions / runs / "app/webapp/cli.py").is_file()

    now = device.place.versions / device.current
    refused = installer(device, now, "--uninstall")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert f"runs here ({runs})" in refused.stderr
    assert ask(device.url) is not None

    kill = refused.stderr.partition("or with: ")[2].partition(";")[0]
    subprocess.run(kill, shell=True, check=True)  # noqa: S602 - as a person would type it
    restart.stop(device.place.prefix)
    third = installer(device, unpacked(shelf.unsigned, tmp_path / "third"))
    assert third.returncode == 0
    assert "still runs" not in third.stdout
    assert not (device.place.versions / runs).exists()
    done = installer(device, device.place.versions / device.current, "--uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    assert not device.place.prefix.joinpath("versions").exists()
