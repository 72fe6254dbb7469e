"""The folder of the app's own state."""

import stat
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.webapp.serving import serving
from webapp.cli import main, parse_args
from webapp.data import DataError, default_data, held


def test_the_folder_is_the_users_own() -> None:
    if sys.platform == "win32":
        assert default_data({"LOCALAPPDATA": "C:\\x"}) == Path("C:\\x") / "hematovision"
        return
    assert default_data({"XDG_DATA_HOME": "/x"}) == Path("/x/hematovision")
    for environment in ({}, {"XDG_DATA_HOME": "relative"}):
        assert default_data(environment) == Path.home() / ".local/share/hematovision"


def test_flags_win_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {"HEMATOVISION_DATA": "here"}
    assert parse_args([], environment).data == tmp_path / "here"
    assert parse_args(["--data", "there"], environment).data == tmp_path / "there"
    assert parse_args([], {"XDG_DATA_HOME": "/x", "LOCALAPPDATA": "/x"}).data.name == "hematovision"


def test_a_variable_that_is_empty_opens_no_folder() -> None:
    assert parse_args([], {"HEMATOVISION_CAMERA_FOLDER": ""}).camera_folder is None
    assert parse_args([], {"HEMATOVISION_CAMERA_FOLDER": "here"}).camera_folder == Path("here")


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with held(folder):
        if sys.platform != "win32":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with pytest.raises(DataError, match="another server works in"), held(folder):
            pass
    with held(folder):
        pass


def test_a_folder_that_cannot_be_written_to_is_told_by_a_page_that_still_comes_up(
    bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    with serving("--data", str(folder), model=bundle) as (process, url):
        with urlopen(url) as page:  # noqa: S310 - of this computer
            told = page.read().decode()
        assert process.stdout is not None
        said = process.stdout.readline()
    for text in (told, said):
        assert f"{folder} cannot be written to" in text
        assert "choose another folder with --data" in text


def test_a_second_server_is_refused(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data", str(tmp_path))
    with serving(*arguments, model=bundle):
        assert main([*arguments, "--model", str(bundle), "--port", "0"]) == 2
    assert f"another server works in {tmp_path}" in capsys.readouterr().err
