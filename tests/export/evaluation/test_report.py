"""`python -m export evaluate` from folders to figures, on the bundle that knows mean colors."""

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import export.plots
from export.cli import main
from export.evaluation.report import FILES

Fill = Callable[..., Path]

PALE = (140, 135, 0)  # more red than green, but hardly


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Write a data set: class name to the colors of its pictures."""

    def filled(**colors: list[str | tuple[int, int, int]]) -> Path:
        for label, shades in colors.items():
            place = tmp_path / "data" / label
            place.mkdir(parents=True)
            for number, shade in enumerate(shades):
                Image.new("RGB", (40, 36), shade).save(place / f"{label}$_{number}.png")
        return tmp_path / "data"

    return filled


@pytest.fixture
def data(fill: Fill) -> Path:
    return fill(red=["red", "red", PALE], green=["lime", "blue", PALE], blue=["blue"] * 3)


def test_both_variants_are_told_side_by_side(
    tiny_bundle: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_bundle), str(data)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# tiny 1.0.0 on data\n")
    (accuracy,) = [line for line in told.splitlines() if "| accuracy %" in line]
    assert accuracy.count("77.78 (") == 2
    assert "own classes: " not in told
    assert "| green         |   1 |     1 |    1 |" in told


def test_the_document_holds_every_figure(
    tiny_bundle: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_bundle), str(data), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "hematovision.evaluation/1"
    assert document["variants"].keys() == {"int8", "fp32"}
    assert document["int8_vs_fp32"]["agreement"] == 1.0
    assert document["data"]["classes"] == {"blue": 3, "green": 3, "red": 3}
    sure, unsure = document["mistakes"]
    assert (sure["truth"], sure["found"], unsure["found"]) == ("green", "blue", "red")
    assert sure["confidence"] > 0.9 > unsure["confidence"]


def test_one_variant_may_be_asked_for(
    tiny_bundle: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_bundle), str(data), "--json", "--variant", "fp32"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document["variants"]) == ["fp32"]
    assert document["int8_vs_fp32"] is None


def test_names_are_mapped_and_cells_left_out(
    tiny_bundle: Path, fill: Fill, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(RED=["red"], azure=["blue"], junk=["lime"])
    command = ["evaluate", str(tiny_bundle), str(data)]
    assert main(command) == 2
    assert "azure, junk" in capsys.readouterr().err
    table = tmp_path / "names.csv"
    table.write_text("data,model\nazure,blue\njunk,-\n")
    assert main([*command, "--classes", str(table), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["data"]["names"] == {"red": "red", "azure": "blue", "junk": None}
    assert document["variants"]["int8"]["accuracy"] == 1.0
    assert document["variants"]["int8"]["n"] == 2


def test_one_class_alone_has_a_dash_for_its_area(
    tiny_bundle: Path, fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_bundle), str(fill(red=["red", PALE]))]) == 0
    told = capsys.readouterr().out
    (area,) = [line for line in told.splitlines() if "| macro AUC" in line]
    assert area.split("|")[2].strip() == "-"
    assert "own classes: accuracy %" in told


def test_refused_pictures_count_as_wrong_and_are_named(
    tiny_bundle: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "red" / "a.png").write_bytes(b"no picture")
    assert main(["evaluate", str(tiny_bundle), str(data)]) == 1
    told = capsys.readouterr().out
    assert "70.00 (" in told
    assert "(refused)" in told
    assert "1 not_an_image; the first is" in told


def test_a_report_is_a_folder_of_five_files(tiny_bundle: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports" / "first"
    for _ in range(2):  # an earlier report is replaced
        assert main(["evaluate", str(tiny_bundle), str(data), "--out", str(out)]) == 0
        assert {p.name for p in out.iterdir()} == FILES
        assert [p.name for p in out.parent.iterdir()] == ["first"]
    told = (out / "report.md").read_text()
    for picture in ("confusion.png", "reliability.png", "errors.png"):
        assert f"({picture})" in told
        with Image.open(out / picture) as image:
            assert min(image.size) > 200
    assert json.loads((out / "report.json").read_text())["variants"]["int8"]["n"] == 9


def test_a_report_without_errors_has_no_page_of_them(
    tiny_bundle: Path, fill: Fill, tmp_path: Path
) -> None:
    data, out = fill(red=["red"], blue=["blue"]), tmp_path / "out"
    assert main(["evaluate", str(tiny_bundle), str(data), "--out", str(out)]) == 0
    assert {p.name for p in out.iterdir()} == FILES - {"errors.png"}


@pytest.mark.parametrize(
    "place", ["other", "models/tiny", "models/tiny/figures", "data/report", "file", "file/x"]
)
def test_a_place_that_is_not_for_reports_is_refused_before_the_work(
    tiny_bundle: Path, data: Path, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert main(["evaluate", str(tiny_bundle), str(data), "--out", str(tmp_path / place)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "choose another --out" in said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_nothing(
    tiny_bundle: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export.plots, "write", full)
    out = tmp_path / "out"
    assert main(["evaluate", str(tiny_bundle), str(data), "--out", str(out)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not [p for p in tmp_path.iterdir() if "out" in p.name]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda bundle, data: shutil.rmtree(data), "is not a folder"),
        (lambda bundle, data: [shutil.rmtree(p) for p in data.iterdir()], "no labelled pictures"),
        (lambda bundle, data: (bundle / "manifest.json").write_text("{"), "is not JSON"),
        (lambda bundle, data: (bundle / "model.fp32.onnx").unlink(), "model.fp32.onnx"),
        (
            lambda bundle, data: [p.write_bytes(b"") for p in data.rglob("*.png")],
            "none of the 9 pictures could be answered",
        ),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    tiny_bundle: Path,
    data: Path,
    tmp_path: Path,
    spoil: Callable[[Path, Path], object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(tiny_bundle, data)
    out = tmp_path / "out"
    assert main(["evaluate", str(tiny_bundle), str(data), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()
