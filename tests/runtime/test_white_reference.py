"""One picture of blank glass evens out the light, and nothing but blank glass is taken for that."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import ImageError
from runtime.images import Picture
from runtime.synthetic import draw_cell
from runtime.white_reference import WhiteReference

WIDTH, HEIGHT = 320, 240


def lit(fall: float = 0.3, cast: tuple[float, float, float] = (1, 0.95, 0.8)) -> np.ndarray:
    """Light of a lamp off its center, (height, width, 3), 0 to 1."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot((x - 0.6 * WIDTH) / WIDTH, (y - 0.4 * HEIGHT) / HEIGHT)
    return (1 - 1.5 * fall * away**2)[..., None] * np.array(cast)


def glass(level: float = 230, noise: float = 2, seed: int = 0, **light: float) -> Picture:
    rng = np.random.default_rng(seed)
    picture = level * lit(**light) + rng.normal(0, noise, (HEIGHT, WIDTH, 3))
    return np.rint(picture.clip(0, 255)).astype(np.uint8)


def test_light_becomes_even_and_neutral() -> None:
    blank = glass()
    corrected = WhiteReference(blank).correct(glass(seed=1)).astype(float)
    assert np.ptp(corrected.reshape(-1, 3).mean(axis=0)) < 1
    coarse = corrected.reshape(24, HEIGHT // 24, 32, WIDTH // 32, 3).mean(axis=(1, 3))
    assert coarse.std() < 1.5
    assert blank.reshape(24, HEIGHT // 24, 32, WIDTH // 32, 3).mean(axis=(1, 3)).std() > 15


@settings(max_examples=20)
@given(st.floats(0, 0.4), st.floats(0.6, 1), st.floats(120, 240))
def test_what_absorbs_half_of_the_light_does_so_after_it(
    fall: float, blue: float, level: float
) -> None:
    light = lit(fall, (1, 0.9, blue))
    blank = np.rint(level * light).astype(np.uint8)
    cell = np.rint(0.5 * level * light).astype(np.uint8)
    reference = WhiteReference(blank)
    whole, half = reference.correct(blank).astype(float), reference.correct(cell).astype(float)
    assert np.median(half / whole) == pytest.approx(0.5, abs=0.02)


def test_the_mean_of_some_pictures_has_less_noise() -> None:
    reference = WhiteReference.of([glass(noise=12, seed=seed) for seed in range(8)])
    assert (
        np.diff(reference.blank.astype(float), axis=1).std()
        < 0.5 * np.diff(glass(noise=12).astype(float), axis=1).std()
    )


def test_a_few_specks_of_dust_do_no_harm() -> None:
    dusty = glass()
    dusty[50:58, 60:68] = 20
    corrected = WhiteReference(dusty).correct(glass(seed=1)).astype(float)
    assert np.abs(corrected[40:70, 50:80].mean() - corrected.mean()) < 3


@pytest.mark.parametrize(
    ("blank", "message"),
    [
        (glass(level=50), "too dark"),
        (glass(level=290, fall=0.0, cast=(1, 1, 1)), "too bright"),
        (np.tile(draw_cell("lymphocyte", 1, 240), (1, 2, 1))[:, :WIDTH], "more than glass"),
        (glass(level=200, cast=(0.2, 1, 1)), "lit too unevenly"),
    ],
)
def test_what_is_no_blank_field_is_refused_with_a_way_out(blank: Picture, message: str) -> None:
    with pytest.raises(ImageError, match=f"{message}.*take the reference again") as caught:
        WhiteReference(blank)
    assert caught.value.code == "no_blank_field"


def test_it_is_kept_in_a_file(tmp_path: Path) -> None:
    reference = WhiteReference(glass())
    reference.write(tmp_path / "white.png")
    again = WhiteReference.read(tmp_path / "white.png")
    picture = glass(level=150, seed=3)
    assert (again.correct(picture) == reference.correct(picture)).all()


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ImageError, match="320 x 240: take the reference again"):
        WhiteReference(glass()).correct(glass()[:100])
