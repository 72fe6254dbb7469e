import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from export.errors import DatasetError
from export.recipe import load_recipe
from export.training_data import read_training_data
from tests.export.conftest import COUNTS, DRAWN, draw


def test_both_splits_come_with_their_class_numbers(
    drawn_cells: Path, recipe_file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    learn, check = read_training_data(drawn_cells, load_recipe(recipe_file()))
    assert len(learn.samples) == len(DRAWN) * COUNTS["train"]
    assert sorted(set(check.labels)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_set_without_a_test_split_is_told_before_the_training(
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for split in ("train", "val"):
        shutil.copytree(drawn_cells / split, tmp_path / "data" / split)
    read_training_data(tmp_path / "data", load_recipe(recipe_file()))
    said = capsys.readouterr().err
    assert "has no 'test' split" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_class_that_the_recipe_lacks_is_refused(
    drawn_cells: Path, tmp_path: Path, recipe_file: Callable[..., Path], split: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(drawn_cells, data)
    draw(data / split / "basophil" / "one.png", "basophil")
    with pytest.raises(DatasetError, match="has the class basophil"):
        read_training_data(data, load_recipe(recipe_file()))


SIZE = '[{ id = "cell_size", title = "Cell size", values = ["big", "small"] }]'


@pytest.mark.parametrize(
    ("column", "val", "said"),
    [
        (
            "cell_shape",
            "big",
            r"train split tells cell_size, .* \(columns that are filled: cell_shape",
        ),
        ("cell_size", "", r"val split tells cell_size, .* \(columns that are filled: none\)"),
        ("cell_size", "huge", r"val/eosinophil.*\.png: cell_size is 'huge', .* big, small"),
    ],
)
def test_an_attribute_that_the_data_do_not_tell_is_refused(
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    column: str,
    val: str,
    said: str,
) -> None:
    told = {"train": "big", "val": val, "test": ""}
    lines = [
        f"{picture},{picture.parent.name},{picture.parts[-3]},{told[picture.parts[-3]]}"
        for picture in sorted(drawn_cells.rglob("*.png"))
    ]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join([f"file,label,split,{column}", *lines]))
    with pytest.raises(DatasetError, match=said):
        read_training_data(table, load_recipe(recipe_file(attributes=SIZE)))
