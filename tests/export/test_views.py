import numpy as np

from export.views import VIEWS, ZOOMS, turns, views


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def test_turns_are_the_eight_ways_to_lay_a_square() -> None:
    pictures = noise(2, 6, 6)
    found = list(turns(pictures))
    assert np.array_equal(found[0], pictures)
    assert np.array_equal(found[2], pictures[:, ::-1, ::-1])
    assert len({way.tobytes() for way in found}) == 8
    assert {way.shape for way in found} == {pictures.shape}


def test_views_are_each_cell_as_served_then_turned_and_in_other_windows() -> None:
    windows = noise(2, len(ZOOMS), 6, 6)
    found = views(windows).reshape(2, VIEWS, 6, 6, 3)
    for cell, seen in zip(windows, found, strict=True):
        assert np.array_equal(seen[0], cell[0])
        assert np.array_equal(seen[1], np.rot90(cell[0])[:, ::-1])
        assert np.array_equal(seen[2], cell[0][::-1, ::-1])
        assert np.array_equal(seen[::4], cell)
        assert len({view.tobytes() for view in seen}) == VIEWS
