"""The network sees the middle of every picture, averaged and never distorted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.images import Picture
from runtime.preprocess import resample, to_batch, to_input, window

sides = st.integers(8, 90)
levels = st.integers(0, 255)
seeds = st.integers(0, 2**32 - 1)


def noise(seed: int, height: int, width: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(height=sides, width=sides)
def test_the_window_is_the_largest_centered_square(height: int, width: int) -> None:
    rows, columns = np.indices((height, width), np.uint8)
    cut = window(np.stack([rows, columns, columns], axis=2))
    side = min(height, width)
    assert cut.shape == (side, side, 3)
    above, left = int(cut[0, 0, 0]), int(cut[0, 0, 1])
    below, right = height - side - above, width - side - left
    assert below - above in (0, 1)
    assert right - left in (0, 1)
    np.testing.assert_array_equal(cut[:, 0, 0], np.arange(above, above + side))
    np.testing.assert_array_equal(cut[0, :, 1], np.arange(left, left + side))


@given(height=sides, width=sides, share=st.floats(0.05, 1), zoom=st.floats(0.3, 3))
def test_a_zoomed_window_is_so_much_wider_up_to_the_square(
    height: int, width: int, share: float, zoom: float
) -> None:
    picture = noise(0, height, width)
    served, zoomed = window(picture, share), window(picture, share, zoom)
    most = min(height, width)
    assert len(served) == max(1, round(share * most))
    assert len(zoomed) == max(1, min(most, round(zoom * len(served))))
    np.testing.assert_array_equal(window(picture, share, 1.0), served)


def test_the_window_is_a_view_and_not_a_copy() -> None:
    picture = noise(1, 20, 30)
    assert np.shares_memory(window(picture), picture)


@given(height=sides, width=sides, size=sides, color=st.tuples(levels, levels, levels))
def test_one_color_stays_that_color(
    height: int, width: int, size: int, color: tuple[int, int, int]
) -> None:
    picture = np.full((height, width, 3), color, np.uint8)
    seen = to_input(picture, size)
    assert seen.dtype == np.uint8
    assert seen.shape == (size, size, 3)
    assert (seen == np.array(color, np.uint8)).all()


@given(seed=seeds, height=sides, width=sides, size=sides)
def test_the_same_picture_gives_the_same_bytes_and_is_left_alone(
    seed: int, height: int, width: int, size: int
) -> None:
    picture = noise(seed, height, width)
    before = picture.copy()
    np.testing.assert_array_equal(to_input(picture, size), to_input(picture, size))
    np.testing.assert_array_equal(picture, before)


@given(seed=seeds, side=sides, size=sides)
def test_no_level_appears_that_was_not_spanned(seed: int, side: int, size: int) -> None:
    picture = noise(seed, side, side) // 2 + 40
    seen = resample(picture, size)
    assert picture.min() <= seen.min()
    assert seen.max() <= picture.max()


@given(seed=seeds, size=st.integers(8, 40), shrink=st.floats(1, 6))
def test_the_mean_color_is_kept(seed: int, size: int, shrink: float) -> None:
    side = round(size * shrink)
    picture = resample(noise(seed, 8, 8), side)  # smooth, as stained cells are
    seen = resample(picture, size)
    np.testing.assert_allclose(seen.mean((0, 1)), picture.mean((0, 1)), atol=6)


@given(seed=seeds, side=sides, size=sides)
def test_a_mirrored_or_turned_picture_gives_a_mirrored_or_turned_input(
    seed: int, side: int, size: int
) -> None:
    picture = noise(seed, side, side)
    seen = resample(picture, size).astype(int)
    for mirrored, expected in (
        (picture[:, ::-1], seen[:, ::-1]),
        (picture[::-1], seen[::-1]),
        (picture.swapaxes(0, 1), seen.swapaxes(0, 1)),
    ):
        np.testing.assert_allclose(resample(mirrored, size), expected, atol=1)


@given(seed=seeds, side=sides, size=sides)
def test_colors_do_not_bleed_into_each_other(seed: int, side: int, size: int) -> None:
    picture = noise(seed, side, side)
    swapped = resample(picture[..., ::-1], size)
    np.testing.assert_array_equal(swapped[..., ::-1], resample(picture, size))


@given(seed=seeds, size=sides)
def test_a_picture_of_the_right_size_is_taken_as_it_is(seed: int, size: int) -> None:
    picture = noise(seed, size, size)
    np.testing.assert_array_equal(to_input(picture, size), picture)


@pytest.mark.parametrize("shrink", [2, 3, 4, 8])
def test_detail_too_fine_to_show_becomes_gray_and_not_a_pattern(shrink: int) -> None:
    side = 32 * shrink
    rows, columns = np.indices((side, side))
    checks = (255 * ((rows + columns) % 2)).astype(np.uint8)[..., None].repeat(3, axis=2)
    seen = resample(checks, 32)[2:-2, 2:-2].astype(int)
    assert np.abs(seen - 127).max() <= 32 // shrink


@given(seed=seeds)
def test_what_lies_beside_the_window_does_not_matter(seed: int) -> None:
    picture = noise(seed, 30, 60)
    other = picture.copy()
    other[:, :15], other[:, 45:] = 0, 255
    np.testing.assert_array_equal(to_input(picture, 16), to_input(other, 16))


def test_inputs_are_stacked_in_order() -> None:
    inputs = [noise(seed, 16, 16) for seed in range(3)]
    batch = to_batch(inputs)
    assert batch.shape == (3, 16, 16, 3)
    assert batch.dtype == np.uint8
    for row, seen in zip(batch, inputs, strict=True):
        np.testing.assert_array_equal(row, seen)
