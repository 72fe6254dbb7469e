"""A detector's recipe is refused where it is wrong, with every fault named."""

from pathlib import Path

import pytest

from export.detector.recipe import DetectorRecipe, load_detector_recipe
from export.errors import RecipeError
from export.recipe import task_of
from runtime.detection import KINDS
from tests.export.detector.conftest import RECIPE


def test_the_shipped_recipe_is_read(recipe: DetectorRecipe) -> None:
    assert tuple(c.id for c in recipe.classes) == KINDS
    assert recipe.shape_px == (recipe.input.height_px, recipe.input.width_px)
    assert task_of(RECIPE) == "detect"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("width_px = 320", "width_px = 325", "input.width_px"),
        ('id = "rbc"', 'id = "red"', "wbc, rbc, platelet"),
        ("scale = [0.6, 1.6]", "scale = [1.6, 0.6]", "vary.scale must rise"),
        ("most = 256", "most = 256\nleast = 1", "picking.least"),
        ("frozen_blocks = 2", "frozen_blocks = 20", "network.frozen_blocks"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, before: str, after: str, fault: str) -> None:
    text = RECIPE.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "wrong.toml"
    file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(RecipeError, match=fault):
        load_detector_recipe(file)


def test_a_recipe_without_a_task_is_of_a_classifier(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('name = "other"\n', encoding="utf-8")
    assert task_of(file) == "classify"
    assert task_of(tmp_path / "gone.toml") == "classify"
