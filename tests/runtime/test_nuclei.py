"""White cells are told from others by the stain of their nuclei."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.detection import Found
from runtime.nuclei import lowest_needed, weighed

RED = [Found("rbc", (10.0 + 30 * i, 10.0, 34.0 + 30 * i, 34.0), 0.9) for i in range(3)]
BOX = (20.0, 50.0, 60.0, 90.0)
scores = st.floats(0, 1)


def field(nucleus: int) -> np.ndarray:
    """Draw three red cells and a cell whose nucleus lets so much red light through."""
    picture = np.full((100, 110, 3), 230, np.uint8)
    for x0, y0, x1, y1 in (cell.box for cell in RED):
        picture[int(y0) : int(y1), int(x0) : int(x1)] = 190, 120, 120
    picture[50:90, 20:60] = 190, 170, 190
    picture[58:82, 28:52] = nucleus, nucleus, 190
    return picture


def score_of(nucleus: int, score: float, red: list[Found] = RED) -> float:
    return weighed(field(nucleus), [*red, Found("wbc", BOX, score)], 0.4)[-1].score


def test_a_dark_nucleus_raises_a_doubtful_cell_and_none_lowers_it() -> None:
    assert score_of(80, 0.3) > 0.5 > score_of(190, 0.6)


@given(scores, st.integers(0, 255), st.integers(0, 255))
def test_the_darker_the_nucleus_the_higher_the_score(score: float, one: int, other: int) -> None:
    dark, light = sorted((one, other))
    assert 0 <= score_of(light, score) <= score_of(dark, score) <= 1


@given(scores, st.integers(0, 255), st.floats(0.01, 0.99))
def test_no_cell_rises_to_a_threshold_from_below_the_lowest(
    score: float, nucleus: int, least: float
) -> None:
    if score < lowest_needed(least) - 1e-6:
        assert score_of(nucleus, score) < least


@pytest.mark.parametrize("red", [[], RED[:2], [Found("rbc", cell.box, 0.3) for cell in RED]])
def test_without_sure_red_cells_nothing_is_changed(red: list[Found]) -> None:
    assert score_of(80, 0.3, red) == 0.3


def test_other_cells_keep_their_scores_and_all_their_order() -> None:
    cells = [*RED, Found("platelet", BOX, 0.6), Found("wbc", BOX, 0.3)]
    after = weighed(field(80), cells, 0.4)
    assert after[:-1] == cells[:-1]
    assert (after[-1].kind, after[-1].box) == ("wbc", BOX)
