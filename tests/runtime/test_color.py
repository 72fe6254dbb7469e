import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.color import balanced, glass_color, white_balance
from runtime.images import Picture
from runtime.smear import draw_smear

CREAM = (250, 225, 200)


def slide(glass: tuple[int, int, int], covered: float = 0.8, size: int = 200) -> Picture:
    """Glass of one color, a share of it covered by something darker, and a few hot pixels."""
    picture = np.full((size, size, 3), glass, np.uint8)
    picture[: round(covered * size)] = np.array(glass) * 0.6
    picture[-1, :5] = 255
    return picture


def test_the_glass_is_found_between_cells_and_hot_pixels() -> None:
    assert glass_color(slide(CREAM)) == CREAM


def test_the_gains_make_the_glass_neutral_at_the_level_of_green() -> None:
    gains = white_balance(slide(CREAM))
    assert gains == pytest.approx((225 / 250, 1, 225 / 200))
    assert glass_color(balanced(slide(CREAM), gains)) == pytest.approx((225, 225, 225), abs=1)


@given(st.tuples(*[st.integers(60, 255)] * 3))
def test_glass_of_any_color_becomes_neutral(glass: tuple[int, int, int]) -> None:
    picture = np.full((16, 16, 3), glass, np.uint8)
    red, green, blue = glass_color(balanced(picture, white_balance(picture)))
    assert max(red, green, blue) - min(red, green, blue) <= 1 or max(glass) > 4 * min(glass)


@pytest.mark.parametrize("glass", [(0, 0, 0), (3, 200, 200), (10, 10, 10)])
def test_the_dark_has_no_color(glass: tuple[int, int, int]) -> None:
    assert white_balance(np.full((20, 30, 3), glass, np.uint8)) == (1, 1, 1)


def test_a_gain_has_bounds() -> None:
    assert white_balance(np.full((20, 20, 3), (20, 200, 200), np.uint8))[0] == 4


def test_what_is_brighter_than_white_becomes_white() -> None:
    picture = np.full((8, 8, 3), 200, np.uint8)
    assert balanced(picture, (2, 1, 0.5))[0, 0].tolist() == [255, 200, 100]


def test_a_cast_over_a_drawn_smear_is_measured() -> None:
    picture = draw_smear(3, 320, 240, 0.12).picture
    cast = (0.8, 1.0, 0.9)
    before, after = white_balance(picture), white_balance(balanced(picture, cast))
    for one, other, factor in zip(before, after, cast, strict=True):
        assert other == pytest.approx(one / factor, rel=0.02)


@pytest.mark.parametrize("shape", [(40, 100_000, 3), (100_000, 40, 3)])
def test_a_long_strip_takes_no_more_memory_than_a_picture(shape: tuple[int, int, int]) -> None:
    strip = np.full(shape, (200, 180, 150), np.uint8)
    tracemalloc.start()
    gains = white_balance(strip)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert gains == pytest.approx((0.9, 1.0, 1.2))
    assert most < strip.nbytes
