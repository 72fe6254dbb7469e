import numpy as np
import pytest

from runtime.explain import LARGEST_PX, PLACES, evidence, heat_map, occluded, scale, view
from runtime.synthetic import draw_cell


def heat(row: int, column: int) -> np.ndarray:
    """Evidence at one place alone."""
    found = np.zeros((4, 4), np.float32)
    found[row, column] = 1
    return found


def logits(*lost: float) -> np.ndarray:
    """Of two classes, the first of which loses what is given, place after place."""
    found = np.tile(np.array([5, 1], np.float32), (PLACES**2, 1))
    found[: len(lost), 0] -= np.array(lost, np.float32)
    return found


def test_each_place_is_hidden_once_behind_the_median_color() -> None:
    pixels = np.full((64, 64, 3), (250, 200, 180), np.uint8)
    assert (occluded(pixels) == pixels).all()
    pixels[:8, 8:16] = (20, 0, 90)
    hidden = occluded(pixels)
    assert hidden.shape == (PLACES**2, 64, 64, 3)
    left = np.abs(hidden[:, :8, 8:16].astype(int) - (250, 200, 180)).sum(axis=(1, 2, 3))
    assert left.argmin() == 1
    assert (hidden[-1] == pixels).mean() > 0.95


def test_evidence_is_where_hiding_costs_the_lead() -> None:
    whole = np.array([5, 1], np.float32)
    found = evidence(whole, logits(0, 4, -3, 2), 0)
    assert found.shape == (PLACES, PLACES)
    assert found[0, :4].tolist() == [0, 1, 0, 0.5]
    assert not found[1:].any()
    assert evidence(whole, logits(0, 4), 1).max() == 0


def test_what_costs_next_to_nothing_is_not_shown_as_much() -> None:
    assert evidence(np.array([5, 1], np.float32), logits(0.2), 0).max() == pytest.approx(0.2)


def test_a_network_of_one_class_has_no_evidence() -> None:
    one = np.ones((PLACES**2 + 1, 1), np.float32)
    assert not evidence(one[0], one[1:], 0).any()


def test_the_map_is_warm_where_the_evidence_is() -> None:
    picture = np.full((80, 100, 3), 120, np.uint8)
    found = heat_map(picture, heat(0, 3)).astype(int)
    assert found.shape == (80, 80, 3)
    assert found[5, -5, 0] > found[5, -5, 2] + 50
    assert (found[-20:, :20] == 120).all()


def test_what_the_network_did_not_see_is_gray() -> None:
    picture = draw_cell("eosinophil", 1, 96)
    found = heat_map(picture, heat(1, 1), 0.5).astype(int)
    assert np.ptp(found[:10], axis=-1).max() == 0
    assert np.ptp(found[40:56, 40:56], axis=-1).max() > 0


@pytest.mark.parametrize("side", [LARGEST_PX + 1, 3000])
def test_a_large_picture_gets_a_map_to_look_at(side: int) -> None:
    picture = np.zeros((side, side + 9, 3), np.uint8)
    assert heat_map(picture, heat(1, 1)).shape == (LARGEST_PX, LARGEST_PX, 3)


def test_a_view_does_not_hold_its_picture() -> None:
    tall = np.zeros((3000, 20, 3), np.uint8)
    assert view(tall).shape == (20, 20, 3)
    assert view(tall).base is None


def test_the_scale_grows_warm_from_gray() -> None:
    row = scale(100, 5).astype(int)[2]
    assert np.ptp(row[0]) == 0
    assert row[-1, 0] > row[-1, 2] + 20
