import numpy as np

from export.views import VIEWS, views


def test_views_are_the_cell_as_served_then_turned_and_cut() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
    found = views(picture, 50, None)
    assert found.shape == (VIEWS, 50, 50, 3)
    assert np.array_equal(found[0], picture[5:55])
    assert np.array_equal(found[2], picture[5:55][::-1, ::-1])
