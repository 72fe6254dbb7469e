from collections.abc import Callable
from pathlib import Path

import pytest

from export.evaluation.evaluate import Comparison
from export.evaluation.metrics import paired_difference
from export.gate import failed, told
from export.recipe import Export, load_recipe


@pytest.fixture
def limits(recipe_file: Callable[..., Path]) -> Export:
    return load_recipe(recipe_file(min_agreement="0.99", max_points_lost="0.3")).export


def compared(n: int, only_fp32: int, only_int8: int) -> Comparison:
    """Compare networks that differ only where one of them is right."""
    differ = only_fp32 + only_int8
    low, high = paired_difference(only_fp32, only_int8, n)
    return Comparison(n, 1 - differ / n, 100 * (only_fp32 - only_int8) / n, (100 * low, 100 * high))


@pytest.mark.parametrize(
    ("n", "only_fp32", "only_int8", "criteria"),
    [
        (12, 0, 0, []),
        (12, 1, 0, []),
        (20, 0, 1, []),
        (18, 12, 0, ["min_agreement", "max_points_lost"]),
        (1700, 5, 4, []),
        (1700, 20, 20, ["min_agreement"]),
        (1700, 15, 0, ["max_points_lost"]),
    ],
)
def test_int8_fails_only_beyond_doubt(
    limits: Export, n: int, only_fp32: int, only_int8: int, criteria: list[str]
) -> None:
    faults = failed(compared(n, only_fp32, only_int8), limits)
    assert [fault.partition(":")[0] for fault in faults] == criteria
    assert all(f"{n} validation pictures" in fault for fault in faults)


def test_nothing_compared_proves_nothing(limits: Export) -> None:
    assert failed(Comparison(0, 0.0, 0.0, (0.0, 0.0)), limits)


def test_a_gain_is_called_one() -> None:
    assert told(compared(12, 0, 1)).endswith("12 pictures and gains 8.33 points of accuracy")
