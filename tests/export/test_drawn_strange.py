import numpy as np
import pytest

from export.drawn_strange import draw_strangers
from runtime.synthetic import draw_cell

CELLS = np.stack([draw_cell("lymphocyte", seed, 64, 0.5) for seed in range(3)])


def steps(pictures: np.ndarray) -> np.ndarray:
    """Tell how much each picture changes from one pixel to the next, on average."""
    return np.abs(np.diff(pictures.astype(float), axis=2)).mean(axis=(1, 2, 3))


@pytest.mark.parametrize("size", [32, 64, 96])
def test_any_number_of_the_size_of_the_cells_is_drawn_alike_for_a_seed(size: int) -> None:
    cells = np.stack([draw_cell("monocyte", 1, size, 0.5)])
    found = draw_strangers(cells, 10, 7)
    assert found.shape == (10, size, size, 3)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, draw_strangers(cells, 10, 7))
    assert (found != draw_strangers(cells, 10, 8)).any(axis=(1, 2, 3)).all()


def test_noise_text_glass_and_blurred_cells_take_turns() -> None:
    found = draw_strangers(CELLS, 80, 0)
    noise, text, glass, blurred = (found[kind::4] for kind in range(4))
    assert steps(glass).max() < 5 < steps(noise).min()
    levels = text.reshape(len(text), -1, 3).astype(int).sum(axis=2)
    assert np.ptp(levels, axis=1).min() > 150  # ink on paper
    nearest = np.abs(
        blurred.mean(axis=(1, 2))[:, None] - CELLS.mean(axis=(1, 2), dtype=float)[None]
    ).max(axis=2)
    assert nearest.min(axis=1).max() < 2  # the colors of a cell, and none of its edges
    assert steps(blurred).max() < steps(CELLS).min() / 2
