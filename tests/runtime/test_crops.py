import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime.crops import crop


def test_a_crop_is_centered_on_its_box() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[15:25, 25:35] = 255
    cut = crop(picture, (25, 15, 35, 25))
    assert cut.shape == (16, 16, 3)
    np.testing.assert_array_equal(cut[3:13, 3:13], 255)
    assert cut.sum() == picture.sum()


def test_a_crop_is_mirrored_beyond_the_border() -> None:
    picture = np.arange(20 * 20 * 3, dtype=np.uint8).reshape(20, 20, 3)
    cut = crop(picture, (0, 5, 10, 15))
    np.testing.assert_array_equal(cut[:, 3:], picture[2:18, :13])
    np.testing.assert_array_equal(cut[:, :3], picture[2:18, 2::-1])


coordinate = st.floats(-500, 500)


@given(st.tuples(coordinate, coordinate, coordinate, coordinate))
def test_a_crop_is_square_wherever_the_box_lies(box: tuple[float, float, float, float]) -> None:
    cut = crop(np.zeros((11, 17, 3), np.uint8), box)
    assert cut.shape[0] == cut.shape[1] >= 8
