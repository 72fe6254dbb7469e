import numpy as np
import pytest

from runtime.explain import LARGEST_PX, evidence, heat_map
from runtime.framing import Framing
from runtime.synthetic import draw_cell


def activation(row: int, column: int) -> np.ndarray:
    """A map of two classes in which one place speaks for the first."""
    found = np.zeros((4, 4, 2), np.float32)
    found[row, column, 0] = 5
    return found


def test_evidence_is_where_the_class_is_ahead_of_the_others() -> None:
    found = evidence(activation(1, 2), 0)
    assert found[1, 2] == 1
    assert found.sum() == 1
    assert evidence(activation(1, 2), 1).max() <= 1
    assert not evidence(np.ones((4, 4, 2), np.float32), 0).any()


def test_the_map_is_warm_where_the_evidence_is() -> None:
    picture = np.full((80, 100, 3), 120, np.uint8)
    found = heat_map(picture, activation(0, 3), 0).astype(int)
    assert found.shape == (80, 80, 3)
    assert found[5, -5, 0] > found[5, -5, 2] + 50
    assert (found[-20:, :20] == 120).all()


def test_what_the_network_did_not_see_is_gray() -> None:
    picture = draw_cell("eosinophil", 1, 96)
    found = heat_map(picture, activation(1, 1), 0, Framing(1.0, 0.5)).astype(int)
    assert np.ptp(found[:10], axis=-1).max() == 0
    assert np.ptp(found[40:56, 40:56], axis=-1).max() > 0


@pytest.mark.parametrize("side", [LARGEST_PX + 1, 3000])
def test_a_large_picture_gets_a_map_to_look_at(side: int) -> None:
    picture = np.zeros((side, side + 9, 3), np.uint8)
    assert heat_map(picture, activation(1, 1), 0).shape == (LARGEST_PX, LARGEST_PX, 3)
