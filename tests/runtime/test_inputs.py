"""Files, folders and standard input are found in the order that a person expects."""

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.images import MAX_BYTES
from runtime.inputs import walk


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(*paths: object) -> list[str]:
    return [name for name, _ in walk(str(path) for path in paths)]


def test_files_keep_the_order_and_the_names_they_were_given(tmp_path: Path) -> None:
    touch(tmp_path, "b.png", "a.txt")
    given = [f"{tmp_path}/./b.png", f"{tmp_path}/a.txt", f"{tmp_path}/gone", f"{tmp_path}/./b.png"]
    assert names(*given) == given


def test_a_folder_is_walked_in_sorted_order(tmp_path: Path) -> None:
    touch(tmp_path, "z.png", "a.JPG", "b/2.tif", "b/1.tiff", "a/x.webp", "c.bmp", "d.jpeg")
    found = [Path(name).relative_to(tmp_path).as_posix() for name in names(tmp_path)]
    assert found == ["a.JPG", "c.bmp", "d.jpeg", "z.png", "a/x.webp", "b/1.tiff", "b/2.tif"]


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "cell.png", ".hidden.png", ".git/object.png", "notes.txt", "png", "movie.gif")
    (tmp_path / "folder.png").mkdir()
    assert names(tmp_path) == [str(tmp_path / "cell.png")]


def test_a_hidden_file_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.png", ".hidden/cell.png")
    asked = [str(tmp_path / ".hidden.png"), str(tmp_path / ".hidden")]
    assert names(*asked) == [asked[0], str(tmp_path / ".hidden" / "cell.png")]


def test_a_folder_without_pictures_stands_for_itself(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    assert list(walk([str(tmp_path)])) == [(str(tmp_path), tmp_path)]


def test_a_pipe_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "cell.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert names(tmp_path) == [str(tmp_path / "cell.png")]


def test_folders_behind_links_are_not_walked_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "cell.png")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert names(tmp_path) == [str(tmp_path / "cell.png")]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "a\nb.png", "a\udcffb.png"], ids=ascii)
def test_a_strange_name_is_passed_on_to_be_refused(name: str) -> None:
    assert names(name) == [name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_what_may_not_be_entered_is_passed_on_to_be_refused(tmp_path: Path) -> None:
    touch(tmp_path, "closed/cell.png", "listed/cell.png", "open/cell.png")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "listed").chmod(0o400)
    try:
        assert sorted(names(tmp_path)) == [
            str(tmp_path / "closed"),
            str(tmp_path / "listed" / "cell.png"),
            str(tmp_path / "open" / "cell.png"),
        ]
        assert names(tmp_path / "closed" / "cell.png") == [str(tmp_path / "closed" / "cell.png")]
    finally:
        (tmp_path / "closed").chmod(0o700)
        (tmp_path / "listed").chmod(0o700)


def test_a_dash_is_one_picture_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"picture")))
    assert list(walk(["-"])) == [("-", b"picture")]


def test_no_more_of_standard_input_is_read_than_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endless = io.BytesIO(bytes(MAX_BYTES + 100))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=endless))
    [(_, content)] = walk(["-"])
    assert isinstance(content, bytes)
    assert len(content) == MAX_BYTES + 1
