import os
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.webapp.update import restart, small
from webapp.packaging.installer.place import Place
from webapp.packaging.signing import PRIVATE, PUBLIC, read_key
from webapp.update.device import Device


@dataclass(frozen=True)
class Shelf:
    """Packages, by what they are; `keys` is the folder of the key that signs them."""

    keys: Path
    old: Path
    new: Path
    unsigned: Path
    stranger: Path
    never_starts: Path
    fails_later: Path
    finds_nothing: Path


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("shelf")
    key, other = (small.new_key(folder / name) for name in ("keys", "other"))
    broken = {
        name: small.make_package(folder / name, "1.1.0", key, migrates=True, breaks=text)
        for name, text in (
            ("never", small.FAILS_AT_ONCE),
            ("later", small.FAILS_LATER),
            ("nothing", small.FINDS_NOTHING),
        )
    }
    return Shelf(
        folder / "keys",
        small.make_package(folder / "old", "1.0.0", key),
        small.make_package(folder / "new", "1.1.0", key, migrates=True),
        small.make_package(folder / "unsigned", "1.1.0", None),
        small.make_package(folder / "stranger", "1.1.0", other),
        broken["never"],
        broken["later"],
        broken["nothing"],
    )


@pytest.fixture(scope="session")
def installed(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix with the old version."""
    folder = tmp_path_factory.mktemp("installed")
    return install(shelf.old, folder)


def install(package: Path, folder: Path) -> Path:
    with tarfile.open(package) as packed:
        packed.extractall(folder, filter="data")
    (unpacked,) = folder.glob("hematovision-*")
    places = ["--prefix", str(folder / "opt"), "--commands", str(folder / "bin")]
    command = [sys.executable, "-I", str(unpacked / "install.py"), *places]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "opt"


@pytest.fixture
def device(installed: Path, tmp_path: Path) -> Iterator[Device]:
    """A device with the old version and no server; `restart` starts one."""
    prefix = tmp_path / "opt"
    shutil.copytree(installed, prefix, symlinks=True, copy_function=os.link)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = tmp_path / "data"
    command = (sys.executable, restart.__file__, str(prefix), str(data), str(port))
    yield Device(Place(prefix, tmp_path / "bin"), data, f"http://127.0.0.1:{port}", command)
    restart.stop(prefix)


@pytest.fixture
def signing(shelf: Shelf) -> object:
    return read_key(shelf.keys / PRIVATE, "")


@pytest.fixture
def public(shelf: Shelf) -> Path:
    return shelf.keys / PUBLIC
