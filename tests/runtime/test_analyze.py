"""The command that analyzes fields: what it prints where, and what it leaves behind."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.cli import main
from runtime.images import decode
from runtime.scale import RED_CELL_UM
from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_squares import draw_squares, make_squares_detector

Output = pytest.CaptureFixture[str]
CUT_OFF = {(0, 0): "rbc", (0, 7): "rbc", (5, 0): "rbc", (5, 7): "rbc"}
FEW = {(1, 2): "wbc", (3, 3): "rbc", **CUT_OFF}
FIELD = {**FEW, (3, 2): "rbc", (3, 6): "rbc", (1, 6): "platelet"}


@pytest.fixture(autouse=True)
def _bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "models"
    monkeypatch.setenv("HEMATOVISION_DETECTOR", str(make_squares_detector(models)))
    monkeypatch.setenv("HEMATOVISION_MODEL", str(make_tiny_bundle(models)))
    monkeypatch.setenv("HEMATOVISION_THREADS", "1")


@pytest.fixture
def slide(tmp_path: Path, encode: Callable[..., bytes]) -> Path:
    """A field with one whole red cell, one with enough of them, and blank glass."""
    folder = tmp_path / "slide"
    folder.mkdir()
    for name, cells in (("a", FEW), ("b", FIELD), ("c", {})):
        (folder / f"{name}.png").write_bytes(encode(draw_squares(cells, zoom=4)))
    return folder


def run(*args: object) -> int:
    return main(["analyze", *map(str, args)])


def test_a_folder_is_answered_as_one_slide(slide: Path, capsys: Output) -> None:
    assert run(slide) == 0
    out, err = capsys.readouterr()
    a, b, c, why, *rest = out.splitlines()
    assert a.split()[1:9] == ["1", "wbc", "5", "rbc", "0", "platelet", "0.248", "um/px"]
    assert a.endswith("blue")
    assert b.split()[1:7] == ["1", "wbc", "7", "rbc", "1", "platelet"]
    assert c.split()[1:3] == ["0", "wbc"]
    assert why.startswith("    ")
    assert "3 answered (wbc 2, rbc 12, platelet 1), 0 refused" in rest
    assert rest[-1] == "squares 1.0.0 int8, tiny 1.0.0 int8. For Research Use Only."
    assert err == ""


def test_json_is_one_document_with_the_scale_of_the_slide(slide: Path, capsys: Output) -> None:
    assert run(slide, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "hematovision.analyze/1"
    assert [Path(r["source"]).name for r in told["results"]] == ["a.png", "b.png", "c.png"]
    assert [r["scale_source"] for r in told["results"]] == ["slide", "red_cells", "slide"]
    assert told["differential"]["classes"]["blue"]["n"] == 2


def test_refusals_end_with_1_and_a_line_each(slide: Path, capsys: Output) -> None:
    (slide / "d.png").write_bytes(b"hello")
    assert run(slide, "gone.png") == 1
    out, err = capsys.readouterr()
    assert "3 answered" in out
    assert len(err.splitlines()) == 2
    assert "gone.png does not exist" in err


def test_the_table_has_a_row_a_cell_and_one_for_each_picture_without(
    slide: Path, tmp_path: Path
) -> None:
    assert run(slide, "gone.png", "--csv", tmp_path / "cells.csv", "--json") == 1
    with (tmp_path / "cells.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(Path(r["source"]).name, r["id"], r["kind"]) for r in rows] == [
        ("a.png", "1", "wbc"),
        *[("a.png", str(i), "rbc") for i in range(2, 7)],
        ("b.png", "1", "wbc"),
        *[("b.png", str(i), "rbc") for i in range(2, 9)],
        ("b.png", "9", "platelet"),
        ("c.png", "", ""),
        ("gone.png", "", ""),
    ]
    white, red = rows[6], rows[7]
    assert (white["label"], white["usable"], white["scale_source"]) == ("blue", "1", "red_cells")
    assert [white[k] for k in ("x0", "y0", "x1", "y1")] == ["64.0", "32.0", "96.0", "64.0"]
    assert (red["diameter_um"], red["label"]) == (str(RED_CELL_UM), "")
    assert (rows[-2]["usable"], "no blood cells" in rows[-2]["note"]) == ("0", True)
    assert "does not exist" in rows[-1]["note"]


def test_overlays_and_crops_go_where_they_are_wanted(slide: Path, tmp_path: Path) -> None:
    overlays, crops = tmp_path / "out" / "overlays", tmp_path / "out" / "crops"
    assert run(slide, "--overlay", overlays, "--crops", crops) == 0
    assert [f.name[0] for f in sorted(overlays.iterdir())] == ["a", "b", "c"]
    cells = sorted(crops.rglob("*.png"))
    assert [(f.parent.name, f.name[0]) for f in cells] == [("blue", "a"), ("blue", "b")]
    assert decode(cells[0]).shape == (51, 51, 3)


@pytest.mark.parametrize("flag", ["--overlay", "--crops"])
def test_they_are_refused_among_the_pictures(slide: Path, capsys: Output, flag: str) -> None:
    assert run(slide, flag, slide / "out") == 2
    assert "choose a folder outside of it" in capsys.readouterr().err
    assert not (slide / "out").exists()


@pytest.mark.parametrize("flag", ["--overlay", "--crops"])
def test_they_are_refused_beside_a_picture_that_is_named_and_may_lie_below(
    slide: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    before = sorted(slide.iterdir())
    monkeypatch.chdir(slide)
    for beside in (slide, "."):
        assert run(slide / "a.png", flag, beside) == 2
        assert "choose another folder" in capsys.readouterr().err
    assert run("a.png", flag, ".") == 2
    assert sorted(slide.iterdir()) == before
    assert run("a.png", flag, "out") == 0
    assert len(list(Path("out").rglob("*.png"))) == 1


def test_the_scale_may_be_given_and_faint_cells_asked_for(
    slide: Path, encode: Callable[..., bytes], capsys: Output
) -> None:
    (slide / "b.png").write_bytes(encode(draw_squares(FIELD, 0.4, zoom=4)))
    run(slide / "b.png", "--json")
    assert json.loads(capsys.readouterr().out)["results"][0]["cells"] == []
    faint = draw_squares({(4, 1): "platelet"}, 0.4, zoom=4)
    (slide / "b.png").write_bytes(encode(np.minimum(draw_squares(FIELD, zoom=4), faint)))
    run(slide / "b.png", "--json", "--um-per-px", "0.125", "--min-score", "0.3")
    (answer,) = json.loads(capsys.readouterr().out)["results"]
    platelets = [c["counted"] for c in answer["cells"] if c["kind"] == "platelet"]
    assert platelets == [True, False]
    assert answer["counts"]["platelet"] == 1
    assert (answer["um_per_px"], answer["scale_source"]) == (0.125, "given")


@pytest.mark.parametrize(
    "flags",
    [
        ("--um-per-px", "0"),
        ("--um-per-px", "inf"),
        ("--um-per-px", "1e-300"),
        ("--um-per-px", "1e9"),
        ("--um-per-px", "x"),
        ("--min-score", "1.1"),
        ("--min-score", "nan"),
        ("--threads", "0"),
    ],
)
def test_impossible_numbers_are_refused(slide: Path, capsys: Output, flags: tuple[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(slide, *flags)
    assert stop.value.code == 2
    assert flags[1] in capsys.readouterr().err


def test_a_missing_detector_is_one_line(slide: Path, tmp_path: Path, capsys: Output) -> None:
    assert run(slide, "--detector", tmp_path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "is not a model bundle" in err


def test_a_photograph_of_no_cells_gets_none(
    tmp_path: Path, encode: Callable[..., bytes], capsys: Output
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode(np.full((60, 80, 3), 90, np.uint8)))
    assert run(photo) == 0
    assert "no blood cells found" in capsys.readouterr().out
