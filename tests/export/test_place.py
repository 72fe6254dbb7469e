from pathlib import Path

import pytest

from export.place import recover, replace


def folder(path: Path, content: str) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(content)
    return path


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
