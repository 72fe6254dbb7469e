"""Where the data and the server of an installed device are."""

from pathlib import Path

import pytest

from webapp.packaging.installer.place import Place
from webapp.store.database import FILE
from webapp.update import device
from webapp.update.cli import main
from webapp.update.device import SERVICE_DATA, installed_device

SETTINGS = """
# HEMATOVISION_PORT=1
HEMATOVISION_HOST=192.168.1.10
HEMATOVISION_PORT="5001"

 HEMATOVISION_DATA = /srv/cells
; HEMATOVISION_DATA=/nowhere
=
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a service that the system starts."""
    file = tmp_path / "hematovision.env"
    monkeypatch.setattr(device, "SERVICE_SETTINGS", file)
    monkeypatch.setattr(device, "is_service", lambda _: True)
    return file


def test_a_service_is_where_its_settings_have_it(service: Path, tmp_path: Path) -> None:
    found = installed_device(tmp_path, {})
    assert (found.url, found.data) == ("http://127.0.0.1:5000", SERVICE_DATA)
    service.write_text(SETTINGS)
    found = installed_device(tmp_path, {})
    assert (found.url, found.data) == ("http://192.168.1.10:5001", Path("/srv/cells"))
    named = {"HEMATOVISION_HOST": "::1", "HEMATOVISION_DATA": "/srv/others"}
    found = installed_device(tmp_path, named, port=5002)
    assert (found.url, found.data) == ("http://[::1]:5002", Path("/srv/others"))


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])  # noqa: S104 - nothing listens
def test_a_server_of_all_addresses_is_asked_at_its_own(
    host: str, url: str, service: Path, tmp_path: Path
) -> None:
    assert installed_device(tmp_path, {}, host=host).url == f"http://{url}:5000"


def test_data_are_not_guessed_where_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "share"))
    prefix, usual = tmp_path / "opt", tmp_path / "share/hematovision"
    place = Place(prefix, prefix / "bin")
    said = {
        "nothing": f"nothing is installed in {prefix}",
        "no data": f"there are no data in {usual}: name the folder",
        "data": "there is no version from before 1.0.0-aaaaaaaa",
    }
    for there, words in said.items():
        if there == "no data":
            (place.versions / "1.0.0-aaaaaaaa").mkdir(parents=True)
            place.switch("1.0.0-aaaaaaaa")
        if there == "data":
            usual.mkdir(parents=True)
            (usual / FILE).touch()
        assert main(["rollback", "--prefix", str(prefix)], "hematovision") == 2
        assert words in capsys.readouterr().err


def test_a_command_to_restart_by_that_is_cut_off_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rollback", "--prefix", str(tmp_path), "--restart", "start 'it"], "hematovision")
    assert '"start \'it" is no command: No closing quotation' in capsys.readouterr().err
