from typing import Any

import numpy as np
import pytest

from runtime.synthetic import draw_cell

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.export

STILL: dict[str, Any] = {
    "window": (1.0, 1.0),
    "shift": 0.0,
    "blur_px": (0.0, 0.0),
    "blur_share": 0.0,
    "stain_mix": 0.0,
    "stain_gain": 0.0,
    "glass_gain": 0.0,
}


def augmented(
    frames: np.ndarray, seed: int = 1, styles: np.ndarray | None = None, **changes: Any
) -> np.ndarray:
    from export.augment import augment
    from export.recipe import Augment

    whole = np.ones(len(frames), np.float32)
    settings, rng = Augment(**(STILL | changes)), np.random.default_rng(seed)
    return augment(frames, whole, 64, settings, rng, styles)


@pytest.fixture
def frames() -> np.ndarray:
    return np.stack([draw_cell("monocyte", seed, 96, 0.375) for seed in range(4)])


def test_a_seed_fixes_every_pixel(frames: np.ndarray) -> None:
    first, again, other = (augmented(frames, s, stain_mix=0.1, shift=0.1) for s in (1, 1, 2))
    assert first.shape == (4, 64, 64, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_turns_and_mirrors_alone_keep_the_mean_color() -> None:
    plain = np.zeros((3, 96, 96, 3), np.uint8)
    plain[:] = (200, 120, 60)
    np.testing.assert_allclose(augmented(plain).mean(axis=(0, 1, 2)), (200, 120, 60), atol=1)


def test_a_smaller_window_enlarges_the_cell(frames: np.ndarray) -> None:
    dark_whole = (augmented(frames).min(axis=3) < 120).mean()
    dark_close = (augmented(frames, window=(0.5, 0.5)).min(axis=3) < 120).mean()
    assert dark_close > 2 * dark_whole


def test_blur_takes_detail_away(frames: np.ndarray) -> None:
    def detail(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures.astype(float), axis=2)).mean())

    blurred = augmented(frames, blur_px=(1.0, 1.0), blur_share=1.0)
    assert detail(blurred) < 0.9 * detail(augmented(frames))


def test_stain_and_glass_change_color_but_not_shape(frames: np.ndarray) -> None:
    plain, stained = augmented(frames), augmented(frames, stain_gain=0.3, glass_gain=0.2)
    assert np.abs(plain.astype(int) - stained).mean() > 5
    for before, after in zip(plain, stained, strict=True):
        shades = np.corrcoef(before.mean(axis=2).ravel(), after.mean(axis=2).ravel())
        assert shades[0, 1] > 0.9


def test_without_strength_a_stain_changes_nothing(frames: np.ndarray) -> None:
    weak = augmented(frames, stain_mix=0.3, stain_gain=0.3, stain_strength=(0.0, 0.0))
    np.testing.assert_array_equal(weak, augmented(frames))


def test_colors_of_others_are_taken_on_part_of_the_way(frames: np.ndarray) -> None:
    from export.augment import styles_of

    others = augmented(frames[:1], stain_gain=0.3, glass_gain=0.3, seed=9)
    style, plain = styles_of(others), augmented(frames)
    restyled = augmented(frames, style_share=1.0, styles=style)
    own, now = (np.abs(styles_of(p) - style).mean(axis=(1, 2)) for p in (plain, restyled))
    assert (now < own).all()
    np.testing.assert_array_equal(plain, augmented(frames, style_share=0.0, styles=style))


def test_a_style_is_the_mean_and_spread_of_optical_density() -> None:
    from export.augment import styles_of

    halves = np.full((1, 2, 4, 3), 255, np.uint8)
    halves[0, 0] = 127
    np.testing.assert_allclose(styles_of(halves)[0], np.full((2, 3), np.log(2) / 2), rtol=1e-5)
