"""`classify --explain`: figures and words for each answer."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime import decode
from tests.runtime.commands import Output, lines, run, table, unusable
from tests.tiny_bundle import (
    CONFIDENT,
    UNCERTAIN,
    UNFAMILIAR,
    make_trusting_bundle,
)


def figures(folder: Path) -> list[str]:
    return sorted(path.name.rsplit("-", 1)[0] for path in folder.iterdir())


def test_each_answered_picture_gets_a_figure_of_its_own(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    (pictures / "sub" / "b_red.png").write_bytes((pictures / "b_red.png").read_bytes())
    folder = tmp_path / "maps" / "today"
    for _ in range(2):
        assert run("classify", pictures, pictures / "notes.txt", "--explain", folder) == 1
        assert figures(folder) == ["a_blue", "b_red", "b_red", "c_green"]
    told = [line.split()[-1] for line in lines(capsys.readouterr().out) if "Heat map" in line]
    assert {Path(name) for name in told} == set(folder.iterdir())
    assert all(decode(path).shape[1] > 640 for path in folder.iterdir())


def test_an_explained_answer_is_told_in_words(
    tmp_path: Path, encode: Callable[..., bytes], capsys: Output
) -> None:
    bundle = make_trusting_bundle(tmp_path)
    for name, color in (("a", CONFIDENT), ("b", UNCERTAIN), ("c", UNFAMILIAR)):
        (tmp_path / f"{name}.png").write_bytes(encode(np.full((20, 20, 3), color, np.uint8)))
    given = [tmp_path / f"{name}.png" for name in "abc"]
    assert run("classify", *given, "--model", bundle, "--explain", tmp_path / "maps") == 0
    told = [" ".join(line.split()) for line in lines(capsys.readouterr().out)]
    assert " red 98.2 % confident " in told[0]
    assert told[1:3] == ["Prediction set red", "Tone warm 99.1 %"]
    assert " red 67.2 % uncertain " in told[4]
    assert told[5] == "Prediction set red, green, blue"
    assert told[-2] == "3 answered (red 2, unfamiliar 1), 0 refused"


def test_figures_go_with_json_and_with_a_table(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    plain, explained = (
        [run("classify", "--json", pictures, *more), json.loads(capsys.readouterr().out)]
        for more in ([], ["--explain", tmp_path / "json"])
    )
    assert explained[1]["summary"] == plain[1]["summary"]
    assert explained[0] == plain[0] == 0
    assert (
        run("classify", "--csv", tmp_path / "t.csv", pictures, "--explain", tmp_path / "csv") == 0
    )
    assert len(table(tmp_path / "t.csv")) == 3
    assert figures(tmp_path / "json") == figures(tmp_path / "csv") == ["a_blue", "b_red", "c_green"]


@pytest.mark.parametrize("place", ["notes.txt", "notes.txt/maps", "x" * 300])
def test_a_folder_that_cannot_be_ends_before_the_work(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(pictures)
    before = sorted(pictures.rglob("*"))
    err = unusable(capsys, "classify", "b_red.png", "--explain", place)
    assert "cannot be written" in err
    assert sorted(pictures.rglob("*")) == before


@pytest.mark.parametrize("place", [".", "sub", "maps"])
def test_figures_are_kept_from_where_they_would_be_taken_for_cells(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(pictures)
    err = unusable(capsys, "classify", pictures, "--explain", place)
    assert "choose a folder outside of it" in err
    assert not (pictures / "maps").exists()


def test_a_disk_that_fills_up_is_one_line_and_leaves_no_part(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    err = unusable(capsys, "classify", pictures, "--json", "--explain", tmp_path / "maps")
    assert "a_blue" in err
    assert "No space left on device" in err
    assert list((tmp_path / "maps").iterdir()) == []
