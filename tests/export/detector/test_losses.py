"""How wrong heat maps and boxes are, reckoned by hand at one place or two."""

import math

import numpy as np
import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.export

LN_2 = math.log(2)
# The only place lies at (2, 2); a raw side of 0 is 16 pixels, so the box found is this.
FOUND = (-14, -14, 18, 18)


def heat(wanted: list[float], counts: list[float], logits: list[float]) -> float:
    """The loss of places that want so much of each kind, in a row."""
    from export.detector.losses import heat_loss

    kinds = np.array([wanted, counts], np.float32).reshape(2, 1, 1, -1, 3)
    truth = np.concatenate([kinds[0], kinds[1]], axis=-1)
    return float(heat_loss(truth, np.array(logits, np.float32).reshape(1, 1, -1, 3)))


def sides(box: tuple[float, ...], weight: float = 1) -> float:
    from export.detector.losses import sides_loss

    truth = np.array([*box, weight], np.float32).reshape(1, 1, 1, 5)
    return float(sides_loss(truth, np.zeros((1, 1, 1, 4), np.float32)))


def test_a_center_costs_by_what_is_missing() -> None:
    assert heat([1, 0, 0], [1, 0, 0], [0, 0, 0]) == pytest.approx(0.25 * LN_2, rel=1e-5)
    assert heat([1, 0, 0], [1, 0, 0], [20, 0, 0]) == pytest.approx(0, abs=1e-6)


def test_glass_costs_by_what_is_claimed_and_less_near_a_center() -> None:
    assert heat([0, 0, 0], [1, 0, 0], [0, 0, 0]) == pytest.approx(0.25 * LN_2, rel=1e-5)
    assert heat([0.5, 0, 0], [1, 0, 0], [0, 0, 0]) == pytest.approx(0.25 * LN_2 / 16, rel=1e-5)


def test_what_does_not_count_costs_nothing() -> None:
    assert heat([0, 0, 0], [0, 0, 0], [9, 9, 9]) == 0


def test_the_sum_is_for_each_cell() -> None:
    both = heat([1, 0, 0, 0, 1, 0], [1] * 6, [0] * 6)
    assert both == pytest.approx((2 + 4) * 0.25 * LN_2 / 2, rel=1e-5)


@pytest.mark.parametrize(
    ("box", "loss"),
    [
        (FOUND, 0),
        ((2, -14, 34, 18), 2 / 3),  # half of each: IoU 1/3, nothing around
        ((18, -14, 50, 18), 1),  # side by side
        ((50, -14, 82, 18), 4 / 3),  # a box's width between them: a third of what is around
    ],
)
def test_boxes_cost_one_less_their_generalized_overlap(box: tuple[float, ...], loss: float) -> None:
    assert sides(box) == pytest.approx(loss, abs=1e-5)
    assert sides(box, 0.25) == pytest.approx(0.25 * loss, abs=1e-5)
    assert sides(box, 4) == pytest.approx(loss, abs=1e-5)
    assert sides(box, 0) == 0
