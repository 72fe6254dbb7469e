"""Drawn fields in a folder, as the training side reads them."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from export.data.readers import read_set
from runtime import decode
from runtime.cli import main
from runtime.smear import draw_smear
from runtime.smear_files import write_smears

SMALL = ["--size", "320x240", "--um-per-px", "0.2"]


def drawn(out: Path, *more: str) -> int:
    return main(["smear", "--out", str(out), *SMALL, *more])


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_folder_holds_pictures_and_the_truth_about_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drawn(tmp_path / "set", "--count", "5", "--seed", "7") == 0
    assert "5 fields drawn" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / "set").glob("*.jpg"))
    assert names == [f"smear_{number:06d}.jpg" for number in range(7, 12)]
    assert decode(tmp_path / "set" / names[0]).shape == (240, 320, 3)
    boxes = rows(tmp_path / "set" / "boxes.csv")
    for number, name in enumerate(names, 7):
        told = [
            (row["kind"], int(row["x0"]), int(row["y1"])) for row in boxes if row["file"] == name
        ]
        cells = draw_smear(number, 320, 240, 0.2).cells
        assert told == [(cell.kind, cell.box[0], cell.box[3]) for cell in cells]


def test_types_are_told_of_fields_with_white_cells_of_one_class(tmp_path: Path) -> None:
    assert drawn(tmp_path / "set", "--count", "12") == 0
    labels: dict[str, set[str]] = {}
    for row in rows(tmp_path / "set" / "boxes.csv"):
        if row["kind"] == "wbc":
            labels.setdefault(row["file"], set()).add(row["label"])
    types = {row["file"]: {row["label"]} for row in rows(tmp_path / "set" / "types.csv")}
    assert types == {file: found for file, found in labels.items() if len(found) == 1}
    assert len(types) < len(labels)


def test_the_training_side_reads_every_cell(tmp_path: Path) -> None:
    assert drawn(tmp_path / "set", "--count", "6") == 0
    dataset = read_set(tmp_path / "set")
    boxes = rows(tmp_path / "set" / "boxes.csv")
    assert dataset.faults == ()
    counts = Counter(marked.kind for field in dataset.fields for marked in field.boxes)
    assert counts == Counter(row["kind"] for row in boxes)


def test_blank_glass_comes_without_tables(tmp_path: Path) -> None:
    assert drawn(tmp_path / "set", "--count", "2", "--blank") == 0
    names = sorted(path.name for path in (tmp_path / "set").iterdir())
    assert names == ["blank_000000.jpg", "blank_000001.jpg"]


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert drawn(tmp_path) == 2
    assert "new or an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_that_another_command_draws_into_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_smears(tmp_path / "set", 2, 0, (320, 240), 0.2)
    next(first)
    assert drawn(tmp_path / "set", "--seed", "50") == 2
    assert "is in use by another command" in capsys.readouterr().err
    assert len(list(first)) == 1
    names = sorted(path.name for path in (tmp_path / "set").iterdir())
    assert names == ["boxes.csv", "smear_000000.jpg", "smear_000001.jpg", "types.csv"]


@pytest.mark.parametrize(
    "options",
    [
        ["--um-per-px", "0.9"],
        ["--um-per-px", "nan"],
        ["--size", "9x9"],
        ["--size", "99999999x99999999"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_drawn_is_one_line_and_leaves_no_folder(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["smear", "--out", str(tmp_path / "set"), *options]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("options", [["--size", "640"], ["--count", "-1"], ["--seed", "1.5"]])
def test_options_that_are_no_numbers_are_refused(options: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["smear", "--out", str(tmp_path / "set"), *options])
