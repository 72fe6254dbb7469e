import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from runtime.framing import Framing, nucleus_share
from runtime.preprocess import square, to_input, window, window_share
from runtime.synthetic import draw_cell

FRAMING = Framing(nuclei=2.3, least=0.5)
# Blue cytoplasm may count as nucleus, so that for these the size is right within a half only.
BLUE = ("ig", "monocyte")
NUCLEATED = ("basophil", "eosinophil", "lymphocyte", "neutrophil", *BLUE)


@pytest.mark.parametrize("label", NUCLEATED)
@pytest.mark.parametrize("seed", range(3))
def test_a_nucleus_is_measured_alike_however_much_surrounds_it(label: str, seed: int) -> None:
    whole = draw_cell(label, seed, 360, 0.1)
    close = window(whole, 0.7)
    assert nucleus_share(close) * 0.7 == pytest.approx(
        nucleus_share(whole), rel=0.5 if label in BLUE else 0.15
    )


@pytest.mark.parametrize("label", NUCLEATED)
def test_the_network_sees_the_same_window_of_a_wide_and_a_close_picture(label: str) -> None:
    framing = Framing(nuclei=1.8, least=0.2)
    whole = draw_cell(label, 1, 360, 0.1)
    close = window(whole, 0.8)
    seen = [len(window(picture, window_share(picture, framing))) for picture in (whole, close)]
    assert seen[0] == pytest.approx(seen[1], rel=0.5 if label in BLUE else 0.15)


@given(npst.arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40), st.just(3))))
def test_any_picture_has_a_window_within_its_bounds(picture: np.ndarray) -> None:
    share = FRAMING.share(square(picture))
    assert FRAMING.least <= share <= 1
    assert to_input(picture, 32, FRAMING).shape == (32, 32, 3)


@pytest.mark.parametrize("level", [0, 127, 255])
def test_a_picture_of_one_shade_has_no_nucleus(level: int) -> None:
    assert nucleus_share(np.full((50, 50, 3), level, np.uint8)) == 0


def test_without_a_framing_the_whole_square_is_seen() -> None:
    picture = draw_cell("monocyte", 1, 64, 0.5)
    assert window_share(picture) == 1
    assert len(window(picture)) == 64
    assert Framing.of(None) is None
