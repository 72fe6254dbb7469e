"""An archive: what is in it, that it is the same each time, and what the installer refuses."""

import ensurepip
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp import __version__
from webapp.packaging import archive as archives
from webapp.packaging import cli as packaging
from webapp.packaging.archive import stage, write_manifest
from webapp.packaging.installer.manifest import InstallError, check, fits, read_manifest
from webapp.packaging.installer.place import MARK, WINDOWS, Place
from webapp.packaging.pins import Pin
from webapp.packaging.platforms import PLATFORMS, PYTHONS, Platform
from webapp.packaging.signing import make_key
from webapp.update.device import Device
from webapp.update.update import roll_back, update

HERE = f"{platform.system().lower()}-{platform.machine().lower().replace('amd64', 'x86_64')}"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked archive for this machine, whole but for the packages."""
    folder = tmp_path_factory.mktemp("staged") / "archive"
    stage(folder)
    (folder / "installer").mkdir()
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    shutil.copy(pip, folder / "installer")
    (folder / "wheels").mkdir()
    (folder / "requirements").mkdir()
    for python in PYTHONS:
        (folder / "requirements" / f"{python}.txt").write_text("")
    write_manifest(folder, HERE, PYTHONS)
    return folder


@pytest.fixture
def unpacked(staged: Path, tmp_path: Path) -> Path:
    return shutil.copytree(staged, tmp_path / "archive")


def install(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    place = ["--prefix", folder.parent / "opt", "--commands", folder.parent / "bin"]
    command = [sys.executable, "-I", folder / "install.py", *place, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_it_holds_what_a_device_needs_and_nothing_else(staged: Path) -> None:
    files = read_manifest(staged)["files"]
    assert {"app/webapp/cli.py", "app/runtime/cli.py", "install.sh", "install.ps1"} <= set(files)
    assert any(name.startswith("app/models/") and name.endswith(".onnx") for name in files)
    for name in files:
        assert "__pycache__" not in name
        assert not name.startswith(("app/export", "app/benchmarks", "app/tests"))
        assert not {"run", "comparison"} & set(name.split("/"))


def test_the_manifest_tells_each_file(staged: Path) -> None:
    manifest = read_manifest(staged)
    assert manifest["version"] == __version__
    check(staged, manifest)
    for name in ("app/LICENSE", "install.py"):
        content = (staged / name).read_bytes()
        assert manifest["files"][name] == {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched from a package index."""

    def wheel(pins: list[Pin], platform: Platform, python: str, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / f"pip-{python}.whl").write_bytes(b"a wheel")

    monkeypatch.setattr(archives, "download", wheel)


def test_it_is_told_whether_it_is_signed_by_whom_and_what_it_replaced(
    no_index: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def packs(*more: str | Path) -> list[str]:
        command = ["wheelhouse", "linux-x86_64", "--out", str(tmp_path / "dist"), *map(str, more)]
        assert packaging.main(command) == 0
        return capsys.readouterr().out.splitlines()

    first, unsigned = packs()
    assert first.endswith(" MB")
    assert unsigned.startswith("not signed: 'hematovision update' refuses it")
    private, public = make_key(tmp_path / "keys", "")
    second, signed = packs("--sign", private)
    assert second.endswith(" MB, in place of the one that was there")
    assert signed.startswith(f"signed, public key {public.read_text().splitlines()[1]}: ")


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_same_checkout_gives_the_same_bytes(name: str, no_index: None, tmp_path: Path) -> None:
    made = [archives.make_archive(PLATFORMS[name], PYTHONS, tmp_path / each) for each in "ab"]
    assert made[0].read_bytes() == made[1].read_bytes()
    assert list((tmp_path / "a").iterdir()) == [made[0]]
    top = f"hematovision-{__version__}-{name}"
    if name.startswith("windows"):
        with zipfile.ZipFile(made[0]) as packed:
            assert f"{top}/install.ps1" in packed.namelist()
        return
    with tarfile.open(made[0]) as packed:
        assert packed.getmember(f"{top}/install.sh").mode == 0o755
        assert {member.name.split("/")[0] for member in packed} == {top}
        assert f"{top}/requirements/3.12.txt" in packed.getnames()


def change(folder: Path) -> None:
    file = folder / "app/runtime/trust.py"
    file.write_bytes(file.read_bytes()[:-1] + b"#")


def lose(folder: Path) -> None:
    (folder / "install.sh").unlink()


def add(folder: Path) -> None:
    (folder / "app/webapp/new.py").write_text("")


def add_link(folder: Path) -> None:
    (folder / "wheels/evil.whl").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (change, "app/runtime/trust.py was changed"),
        (lose, "install.sh is missing"),
        (add, "app/webapp/new.py does not belong to it"),
        pytest.param(
            add_link,
            "wheels/evil.whl does not belong to it",
            marks=pytest.mark.skipif(WINDOWS, reason="links need rights there"),
        ),
    ],
)
def test_a_damaged_archive_is_refused_before_anything_is_touched(
    damage: object, words: str, unpacked: Path
) -> None:
    assert callable(damage)
    damage(unpacked)
    for arguments in ((), ("--check",)):
        done = install(unpacked, *arguments)
        assert done.returncode == 2
        assert words in done.stderr
        assert "copy it again" in done.stderr
        assert done.stderr.count("\n") == 1
    assert sorted(each.name for each in unpacked.parent.iterdir()) == ["archive"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "hematovision.archive/2"}'])
def test_a_manifest_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InstallError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_a_whole_archive_is_told_so_again_and_again(unpacked: Path) -> None:
    for _ in range(2):  # looking has left nothing behind
        done = install(unpacked, "--check")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("all files are right\n")


def test_another_machine_or_python_is_refused(unpacked: Path) -> None:
    write_manifest(unpacked, "linux-riscv64", PYTHONS)
    assert "is for linux-riscv64, this is" in install(unpacked).stderr
    write_manifest(unpacked, HERE, ["3.99"])
    assert "Python 3.99 is needed" in install(unpacked).stderr
    assert not fits(read_manifest(unpacked))
    assert install(unpacked, "--fits").returncode == 1
    assert not (unpacked.parent / "opt").exists()


@pytest.mark.skipif(WINDOWS, reason="a script of Unix")
def test_the_script_finds_a_python_or_says_which_it_needs(unpacked: Path) -> None:
    command = ["/bin/sh", unpacked / "install.sh", "--check"]
    found = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=found)
    assert done.returncode == 0, done.stderr
    write_manifest(unpacked, HERE, ["3.98", "3.99"])
    done = subprocess.run(command, capture_output=True, text=True, env=found)
    assert done.returncode == 2
    assert "(3.98 3.99 )" in done.stderr
    if shellcheck := shutil.which("shellcheck"):
        assert subprocess.run([shellcheck, unpacked / "install.sh"]).returncode == 0


def test_a_version_that_does_not_work_here_leaves_what_was_there(unpacked: Path) -> None:
    place = Place(unpacked.parent / "opt", unpacked.parent / "bin")
    (place.versions / "0.0.9-aaaaaaaa").mkdir(parents=True)
    (place.versions / ".part-cut-off").mkdir()
    place.write_command()
    place.switch("0.0.9-aaaaaaaa")
    done = install(unpacked)  # without a single package
    assert done.returncode == 2
    assert "the models do not answer here" in done.stderr
    assert "the package numpy is missing" in done.stderr
    assert done.stderr.count("\n") == 1
    assert place.current == "0.0.9-aaaaaaaa"
    assert [each.name for each in place.versions.iterdir()] == ["0.0.9-aaaaaaaa"]


def test_another_program_of_that_name_is_left_alone(unpacked: Path) -> None:
    command = Place(unpacked.parent / "opt", unpacked.parent / "bin").command
    command.parent.mkdir()
    command.write_text("echo mine")
    done = install(unpacked)
    assert done.returncode == 2
    assert f"{command} is another program" in done.stderr
    assert command.read_text() == "echo mine"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path / "opt", tmp_path / "bin")
    with place.alone():
        yield place


def test_one_version_after_the_other_runs_and_the_command_stays(place: Place) -> None:
    assert place.current is None
    for name in ("1.0.0-aaaaaaaa", "1.1.0-bbbbbbbb", "1.0.0-aaaaaaaa"):
        place.switch(name)
        assert place.current == name
    place.write_command()
    place.check_command()
    assert MARK in place.command.read_text()


def test_two_installers_do_not_work_in_one_place(place: Place) -> None:
    other = Place(place.prefix, place.command.parent)
    with pytest.raises(InstallError, match="another installer or update works in"), other.alone():
        pass


@pytest.mark.skipif(WINDOWS, reason="the way of Linux")
def test_while_a_version_is_installed_there_is_no_update_and_no_uninstalling(
    place: Place, unpacked: Path
) -> None:
    (place.versions / "1.0.0-aaaaaaaa").mkdir()
    place.switch("1.0.0-aaaaaaaa")
    device = Device(place, place.prefix / "data", "http://127.0.0.1:9")
    with pytest.raises(InstallError, match="another installer or update works in"):
        update(device, place.prefix / "none", print)
    with pytest.raises(InstallError, match="another installer or update works in"):
        roll_back(device, print)
    for arguments in ((), ("--uninstall",)):
        assert "another installer or update works in" in install(unpacked, *arguments).stderr
    assert place.current == "1.0.0-aaaaaaaa"


def test_removing_it_leaves_what_is_not_its_own(unpacked: Path) -> None:
    place = Place(unpacked.parent / "opt", unpacked.parent / "bin")
    assert "nothing is installed in" in install(unpacked, "--uninstall").stderr
    (place.versions / "1.0.0-aaaaaaaa").mkdir(parents=True)
    place.switch("1.0.0-aaaaaaaa")
    place.write_command()
    (place.prefix / "hematovision.db").write_text("somebody put it there")
    done = install(unpacked, "--uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    assert [each.name for each in place.prefix.iterdir()] == ["hematovision.db"]
    assert not place.command.exists()


def test_a_manifest_is_read_by_other_programs_too(staged: Path) -> None:
    told = json.loads((staged / "manifest.json").read_bytes())
    assert told["schema"] == "hematovision.archive/1"
    assert told["pythons"] == list(PYTHONS)
