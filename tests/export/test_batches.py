from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.recipe import Recipe, load_recipe

pytest.importorskip("keras")
pytestmark = pytest.mark.export


@pytest.fixture
def skewed() -> np.ndarray:
    return np.repeat([0, 1, 2], [200, 50, 10])


def of_labels(labels: np.ndarray, attributes: np.ndarray) -> Any:
    from export.batches import Frames

    pictures = np.zeros((len(labels), 48, 48, 3), np.uint8)
    one_hot = np.eye(3, dtype=np.float32)[labels]
    return Frames(pictures, np.ones(len(labels), np.float32), one_hot, attributes)


def test_rare_cells_that_a_teacher_named_are_drawn_more_often(
    recipe_file: Callable[..., Path], skewed: np.ndarray
) -> None:
    from export.batches import batches

    nothing = np.zeros((len(skewed), 0), np.float32)
    typed = of_labels(np.zeros(len(skewed), int), nothing)
    shares = []
    for power in (0.0, 0.5, 1.0):
        table = f"{{ share = 0.5, windows = [1.0], least = 0.5, balance_power = {power} }}"
        recipe = load_recipe(recipe_file(untyped=table))
        named = of_labels(skewed, nothing)
        seen = batches(typed, recipe, recipe.train.laps[0], 1, named)
        drawn_as = sum(targets["logits"].sum(axis=0) for _, targets, _ in seen)
        shares.append(drawn_as[2] / drawn_as[1:].sum())
    assert shares[0] < 0.25 < shares[1] < shares[2] < 0.7


def drawn(recipe: Recipe, labels: np.ndarray, epoch: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each class was drawn in an epoch, and the weight that it had."""
    from export.batches import batches

    frames = of_labels(labels, np.zeros((len(labels), 0), np.float32))
    seen = list(batches(frames, recipe, recipe.train.laps[0], epoch))
    one_hot, weights = (np.concatenate([b[i]["logits"] for b in seen]) for i in (1, 2))
    return one_hot.sum(axis=0), one_hot.T @ weights


def test_weights_raise_rare_classes_by_the_power(
    recipe_file: Callable[..., Path], skewed: np.ndarray
) -> None:
    counts, weights = drawn(load_recipe(recipe_file(class_balance_power="1.0")), skewed)
    assert counts.sum() == 256
    each = weights / counts
    assert each[1] / each[0] == pytest.approx(4, rel=1e-5)
    assert each[2] / each[0] == pytest.approx(20, rel=1e-5)


def test_sampling_draws_all_classes_alike_and_weighs_them_alike(
    recipe_file: Callable[..., Path], skewed: np.ndarray
) -> None:
    recipe = load_recipe(recipe_file(class_balance='"sampling"', class_balance_power="1.0"))
    counts, weights = np.sum([drawn(recipe, skewed, epoch) for epoch in range(8)], axis=0)
    np.testing.assert_allclose(counts / counts.sum(), 1 / 3, atol=0.05)
    np.testing.assert_allclose(weights, counts, rtol=1e-5)


def test_without_power_every_picture_is_seen_once(
    recipe_file: Callable[..., Path], skewed: np.ndarray
) -> None:
    recipe = load_recipe(recipe_file(class_balance_power="0.0", batch="10"))
    counts, weights = drawn(recipe, skewed)
    np.testing.assert_array_equal(counts, [200, 50, 10])
    np.testing.assert_allclose(weights, counts, rtol=1e-6)


def test_attributes_go_with_their_pictures(
    recipe_file: Callable[..., Path], skewed: np.ndarray
) -> None:
    from export.batches import batches

    tone = '[{ id = "tone", title = "Tone", values = ["warm", "cool", "none"] }]'
    recipe = load_recipe(recipe_file(attributes=tone))
    known = np.eye(3, dtype=np.float32)[skewed]
    for _, targets, weights in batches(of_labels(skewed, known), recipe, recipe.train.laps[0], 0):
        np.testing.assert_array_equal(targets["attributes"], targets["logits"])
        np.testing.assert_array_equal(weights["attributes"], weights["logits"])
