from collections.abc import Callable
from pathlib import Path

import pytest

from export.recipe import load_recipe
from export.schedule import FROZEN, TUNING, pace, plan_epochs
from tests.export.conftest import laps

RecipeFile = Callable[..., Path]


def test_epochs_are_numbered_within_their_stage(recipe_file: RecipeFile) -> None:
    plan = plan_epochs(load_recipe(recipe_file(frozen_epochs="1", laps=laps(2, 1))))
    assert [str(epoch) for epoch in plan] == [
        "frozen, epoch 1/1",
        "fine-tuning, epoch 1/3",
        "fine-tuning, epoch 2/3",
        "fine-tuning, epoch 3/3",
    ]


def test_a_short_training_warms_up_and_averages_over_a_tenth_of_it(
    recipe_file: RecipeFile,
) -> None:
    numbers = {"ema": "0.998", "warmup_steps": "340", "frozen_epochs": "2", "laps": laps(8)}
    found = pace(load_recipe(recipe_file(**numbers)), TUNING, cells=5 * 16)
    assert (found.steps, found.warmup) == (40, 5)
    assert found.momentum == pytest.approx(0.75)  # looks back over 4 steps
    found = pace(load_recipe(recipe_file(**numbers)), FROZEN, cells=5 * 16)
    assert (found.steps, found.warmup) == (10, 5)


def test_a_long_one_is_as_the_recipe_says(recipe_file: RecipeFile) -> None:
    recipe = load_recipe(recipe_file(ema="0.998", warmup_steps="340", laps=laps(14)))
    found = pace(recipe, TUNING, cells=12_000)
    assert (found.warmup, found.momentum) == (340, 0.998)


def test_a_training_of_a_step_learns(recipe_file: RecipeFile) -> None:
    recipe = load_recipe(recipe_file(frozen_epochs="0", laps=laps(1)))
    found = pace(recipe, TUNING, cells=3)
    assert (found.steps, found.warmup, found.momentum) == (1, 0, 0.0)
