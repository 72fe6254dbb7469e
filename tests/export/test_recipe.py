from collections.abc import Callable
from pathlib import Path

import pytest

from export.errors import RecipeError
from export.recipe import load_recipe, other_tables
from runtime.synthetic import CLASSES

SIZE = '{ id = "cell_size", title = "Cell size", values = ["big", "small"] }'
RECIPES = Path(__file__).resolve().parents[2] / "export" / "recipes"


def test_the_shipped_recipe_names_the_eight_classes() -> None:
    assert load_recipe(RECIPES / "pbc.toml").class_ids == CLASSES


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": "1"}, "colour"),
        ({"size_px": "100"}, "size_px"),
        ({"size_px": '"large"'}, "size_px"),
        ({"laps": "[{ size_px = 32, frame_px = 16, epochs = 1 }]"}, "frame_px"),
        ({"laps": "[{ size_px = 64, frame_px = 96, epochs = 1 }]"}, "input.size_px"),
        ({"laps": "[{ size_px = 64, frame_px = 96, epochs = 1 }]"}, "toml: train.laps end with"),
        ({"laps": "[]"}, "laps"),
        ({"laps": "[{ size_px = 32, frame_px = 48, epochs = 1000000000000 }]"}, "epochs"),
        ({"frozen_epochs": "1000000000"}, "frozen_epochs"),
        ({"alpha": "1e6"}, "alpha"),
        ({"blur_px": "[0.0, 1e6]"}, "blur_px"),
        ({"window": "[1e-300, 1.0]"}, "window"),
        ({"batch": "true"}, "batch"),
        ({"batch": '"16"'}, "batch"),
        ({"reduce_range": "1"}, "reduce_range"),
        ({"name": f'"{"n" * 300}"'}, "name"),
        ({"attributes": f"[{SIZE}, {SIZE}]"}, "the id cell_size stands twice"),
        (
            {"attributes": f"[{SIZE.replace('small', 'big')}]"},
            "cell_size has the value 'big' twice",
        ),
        ({"backbone": '"vgg16"'}, "one width"),
        ({"window": "[1.0, 0.5]"}, "window"),
        ({"framing": "{ nuclei = 2.0, least = 1.5 }"}, "framing.least"),
        ({"rate": "0.0"}, "rate"),
        ({"rate": "inf"}, "rate"),
        ({"calibration": "2"}, "calibration"),
        (
            {"batch": "32", "untyped": "{ share = 0.01, windows = [1.0], least = 0.5 }"},
            r"untyped\.share: 0.01 of a batch of 32 is no cell",
        ),
        ({"backbone": '"vgg99"'}, "backbone"),
        ({"name": '"../up"'}, "name"),
        ({"seed": "= 3"}, "TOML"),
        ({"classes": '[{ id = "Red", title = "Red", color = "#dc2626" }]'}, "'Red'"),
        ({"classes": '[{ id = "red", title = "Red", color = "#DC2626" }]'}, "'#DC2626'"),
        ({"classes": '[{ id = "red", title = "", color = "#dc2626" }]'}, r"classes\.0: .*''"),
    ],
)
def test_a_wrong_value_is_named(
    recipe_file: Callable[..., Path], changes: dict[str, str], said: str
) -> None:
    with pytest.raises(RecipeError, match=said) as caught:
        load_recipe(recipe_file(**changes))
    assert "\n" not in str(caught.value)


def test_every_fault_is_told_at_once(recipe_file: Callable[..., Path]) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(recipe_file(batch="0", dropout="1.5"))
    assert "batch" in str(caught.value)
    assert "dropout" in str(caught.value)


def test_settings_of_the_export_and_words_for_the_card_make_no_other_training(
    recipe_file: Callable[..., Path],
) -> None:
    before = load_recipe(recipe_file())
    assert other_tables(before, load_recipe(recipe_file(calibration="12"))) == []
    source = '[{ name = "Ours", use = "all", source = "we", license = "CC0" }]'
    assert other_tables(before, load_recipe(recipe_file(limits="[]", data=source))) == []
    assert other_tables(before, load_recipe(recipe_file(rate="1e-4", seed="4"))) == [
        "seed",
        "train",
    ]


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml")
