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

Fill = Callable[..., Path]
OF_CELLS = {
    "report.md",
    "report.json",
    "confusion.png",
    "reliability.png",
    "errors.png",
}

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
    assert told.startswith("# tiny 1.0.0 on data, all\n")
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


SPLITS = {"train": ["red", "red"], "val": ["red"], "test": ["blue"]}


def in_splits(folder: Path, **splits: list[str]) -> Path:
    for split, shades in splits.items():
        for number, shade in enumerate(shades):
            place = folder / split / shade
            place.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (40 + number, 36 + len(split)), shade).save(place / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("held", "options", "split", "measured", "said"),
    [
        (SPLITS, [], "test", {"test": 1}, "Measured on the split 'test' alone"),
        (SPLITS, ["--split", "val"], "val", {"val": 1}, "Measured on the split 'val' alone"),
        (
            SPLITS,
            ["--split", "all"],
            "all",
            {"test": 1, "train": 2, "val": 1},
            "Measured on all pictures (test 1, train 2, val 1): where the network was trained",
        ),
        (
            {"train": ["red"], "val": ["blue"]},
            [],
            "all",
            {"train": 1, "val": 1},
            "(train 1, val 1)",
        ),
    ],
    ids=["test by itself", "val", "all", "no test"],
)
def test_the_measured_split_is_told_everywhere(
    tiny_bundle: Path,
    tmp_path: Path,
    held: dict[str, list[str]],
    options: list[str],
    split: str,
    measured: dict[str, int],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, out = in_splits(tmp_path / "data", **held), tmp_path / "out"
    command = ["evaluate", str(tiny_bundle), str(data), *options, "--out", str(out), "--json"]
    assert main(command) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["data"]["split"], document["data"]["splits"]) == (split, measured)
    told = (out / "report.md").read_text()
    assert told.startswith(f"# tiny 1.0.0 on data, {split}\n")
    assert said in told


def test_a_set_without_splits_is_measured_whole_and_says_so(
    tiny_bundle: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_bundle), str(data)]) == 0
    assert "for the set names no splits" in capsys.readouterr().out


def test_names_of_a_table_that_the_data_lack_are_told(
    tiny_bundle: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "names.csv"
    table.write_text("data;model\nRED;red\nScarlet;red\n")
    assert main(["evaluate", str(tiny_bundle), str(data), "--classes", str(table)]) == 0
    err = capsys.readouterr().err
    assert "no class of the data has: Scarlet: check" in err


def test_a_folder_of_any_name_breaks_no_table(
    tiny_bundle: Path, fill: Fill, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = fill(red=["red"], blue=["blue"]).rename(tmp_path / "a|b\n## c")
    assert main(["evaluate", str(tiny_bundle), str(odd)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(r"# tiny 1.0.0 on a|b\n## c, all" + "\n")
    assert r"| a\|b\n## c, all " in told


def test_the_root_of_a_disk_is_no_place_for_a_report(
    tiny_bundle: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_bundle), str(data), "--out", "/"]) == 2
    assert "choose another --out" in capsys.readouterr().err


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
        assert {p.name for p in out.iterdir()} == OF_CELLS
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
    assert {p.name for p in out.iterdir()} == OF_CELLS - {"errors.png"}


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
