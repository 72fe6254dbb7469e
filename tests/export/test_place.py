from pathlib import Path

import pytest

from export.errors import ExportError
from export.place import recover, replace, staging
from runtime.errors import HematoVisionError


def folder(path: Path, content: str) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(content)
    return path


def fill_and_refuse(place: Path) -> None:
    with staging(place) as staged:
        (staged / "file").write_text("new")
        raise ExportError("export", "refused")


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    place = folder(tmp_path / "models" / "a", "old")
    replace(folder(tmp_path / "models" / ".staged" / "a", "new"), place)
    assert (place / "file").read_text() == "new"
    assert sorted(p.name for p in place.parent.iterdir()) == [".staged", "a"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_cut_between_the_renames_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    place, staged = folder(tmp_path / "a", "old"), folder(tmp_path / "staged", "new")
    rename = Path.rename

    def cut(self: Path, target: Path) -> Path:
        if self == staged:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut)
    with pytest.raises(error):
        replace(staged, place)
    assert (place / "file").read_text() == "old"


def test_what_a_power_cut_left_aside_comes_back(tmp_path: Path) -> None:
    folder(tmp_path / ".a.old", "old")
    recover(tmp_path / "a")
    assert (tmp_path / "a" / "file").read_text() == "old"


def test_a_filled_folder_goes_to_its_place_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with staging(tmp_path / "a") as staged:
            (staged / "file").write_text(content)
    assert (tmp_path / "a" / "file").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_refused_folder_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    folder(tmp_path / "a", "old")
    with pytest.raises(ExportError):
        fill_and_refuse(tmp_path / "a")
    assert (tmp_path / "a" / "file").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_killed_commands_left_beside_is_swept(tmp_path: Path) -> None:
    folder(tmp_path / "a", "good")
    folder(tmp_path / ".a.old", "older")
    folder(tmp_path / ".a.new" / "a", "half")
    recover(tmp_path / "a")
    assert (tmp_path / "a" / "file").read_text() == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_a_living_command_fills_is_left_to_it(tmp_path: Path) -> None:
    with staging(tmp_path / "a") as staged:
        (staged / "file").write_text("new")
        recover(tmp_path / "a")
        with pytest.raises(HematoVisionError, match="in use"), staging(tmp_path / "a"):
            pytest.fail("filled twice")
    assert (tmp_path / "a" / "file").read_text() == "new"
