"""The commands: what they print where, what they leave behind, and how they end."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.runtime.commands import Output, lines, run
from tests.tiny_bundle import (
    OTHER,
    RED,
)


def test_a_folder_is_answered_in_sorted_order_without_hidden_and_other_files(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    assert run("classify", pictures) == 0
    out, err = capsys.readouterr()
    rows = [line.split()[:4] for line in lines(out)[:3]]
    assert [[Path(row[0]).name, row[1]] for row in rows] == [
        ["a_blue.bmp", "blue"],
        ["b_red.png", "red"],
        ["c_green.webp", "green"],
    ]
    assert rows[1][2:] == [f"{100 * RED:.1f}", "%"]
    assert err == ""


def test_the_columns_are_aligned(tiny: Path, pictures: Path, capsys: Output) -> None:
    run("classify", pictures)
    rows = lines(capsys.readouterr().out)[:3]
    assert len({row.index(" % ") for row in rows}) == 1


def test_the_last_lines_sum_up_and_say_what_it_is_for(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    run("classify", pictures, pictures / "notes.txt")
    assert lines(capsys.readouterr().out)[-2:] == [
        "3 answered (blue 1, green 1, red 1), 1 refused",
        "tiny 1.0.0 int8. For Research Use Only.",
    ]


def test_refusals_are_one_line_each_on_standard_error(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    (pictures / "empty.png").touch()
    given = ["gone.png", pictures / "notes.txt", pictures / "b_red.png", pictures / "empty.png"]
    assert run("classify", *given) == 1
    out, err = capsys.readouterr()
    assert len(lines(err)) == 3
    for line, name in zip(lines(err), ["gone.png", "notes.txt", "empty.png"], strict=True):
        assert name in line
    assert "1 answered (red 1), 3 refused" in out


def test_nothing_answered_is_said_so(tiny: Path, capsys: Output) -> None:
    assert run("classify", "gone.png") == 1
    assert "0 answered (none), 1 refused" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", "x" * 300 + ".png", "a\0b.png"], ids=["no", "long", "NUL"])
def test_a_name_that_cannot_be_is_refused_and_the_others_answered(
    tiny: Path, pictures: Path, capsys: Output, name: str
) -> None:
    assert run("classify", name, pictures / "b_red.png") == 1
    out, err = capsys.readouterr()
    assert "1 answered (red 1), 1 refused" in out
    assert len(lines(err)) == 1


def test_a_folder_without_pictures_is_refused(tiny: Path, tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    assert run("classify", folder) == 1
    assert (
        f"{folder} is a folder without pictures in it that can be found" in capsys.readouterr().err
    )


def test_a_name_with_a_line_break_stays_on_its_line(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    good, bad = pictures / "one\ntwo\x1b[31m.png", pictures / "three\nfour.png"
    (pictures / "b_red.png").rename(good)
    assert run("classify", good, bad) == 1
    out, err = capsys.readouterr()
    assert "one\\ntwo\\x1b[31m.png  red" in out
    assert len(lines(out)) == 4
    assert len(lines(err)) == 1
    assert "three\\nfour.png does not exist" in err


def test_standard_input_is_one_picture(
    tiny: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO((pictures / "b_red.png").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("classify", "-") == 0
    assert lines(capsys.readouterr().out)[0].split()[:2] == ["-", "red"]


def test_json_is_one_document_and_nothing_else(tiny: Path, pictures: Path, capsys: Output) -> None:
    given = [pictures / "b_red.png", pictures / "notes.txt", pictures / "sub"]
    assert run("classify", "--json", *given) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["schema"] == "hematovision.classify/1"
    assert document["model"]["name"] == "tiny"
    assert [r["source"] for r in document["results"]] == [
        str(pictures / "b_red.png"),
        str(pictures / "notes.txt"),
        str(pictures / "sub" / "c_green.webp"),
    ]
    red, note, green = document["results"]
    assert (red["label"], red["width"], red["height"]) == ("red", 40, 30)
    assert red["confidence"] == float(f"{RED:.6g}")
    assert red["probabilities"]["green"] == pytest.approx(OTHER, rel=1e-5)
    assert note["error"]["code"] == "not_an_image"
    assert green["label"] == "green"
    assert document["summary"] == {
        "answered": 2,
        "refused": 1,
        "counts": {"green": 1, "red": 1},
    }
    assert err == ""


def test_json_of_all_answered_ends_with_0(tiny: Path, pictures: Path, capsys: Output) -> None:
    assert run("classify", "--json", pictures) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["answered"] == 3


def test_sources_are_named_as_they_were_given(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures)
    run("classify", "--json", "./b_red.png", "sub/../a_blue.bmp", "sub")
    sources = [r["source"] for r in json.loads(capsys.readouterr().out)["results"]]
    assert sources == ["./b_red.png", "sub/../a_blue.bmp", "sub/c_green.webp"]


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["classify"],
        ["dream"],
        ["classify", "a.png", "--json", "--csv", "b.csv"],
        ["classify", "a.png", "--threads", "0"],
        ["classify", "a.png", "--threads", "many"],
        ["classify", "a.png", "--threads", "5000"],
        ["classify", "a.png", "--colour"],
        ["archive", "cells", "--out", "archive", "--workers", "99999999"],
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_ends_with_2(args: Sequence[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*args)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: python -m runtime" in err


@pytest.mark.parametrize("number", ["0", "-1", "many", "2.5", "5000"])
def test_a_number_of_threads_that_makes_no_sense_is_explained(number: str, capsys: Output) -> None:
    with pytest.raises(SystemExit):
        run("classify", "a.png", f"--threads={number}")
    assert f"'{number}' is not a whole number from 1 to 64" in capsys.readouterr().err


def test_help_says_what_it_is_for(capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    assert "For Research Use Only" in capsys.readouterr().out
