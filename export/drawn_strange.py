"""Pictures that are not stained cells, drawn, to choose from where on a picture is unfamiliar."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from runtime.images import Picture
from runtime.preprocess import Batch

WORDS = "Sample 0417 received 12 March, store cold. Order more slides and oil. Page 3 of 8."


def draw_strangers(cells: Batch, count: int, seed: int) -> Batch:
    """Draw noise, text, blank glass, and cells so blurred that nothing can be told.

    Args:
        cells: (n, size, size, 3) uint8 RGB, to be blurred.
        count: pictures in all, a quarter of each kind.
        seed: the same seed draws the same pictures.

    Returns:
        (count, size, size, 3) uint8 RGB.
    """
    rng = np.random.default_rng(seed)
    kinds: tuple[Callable[[Batch, np.random.Generator], Picture], ...] = (
        _noise,
        _text,
        _blank,
        _blur,
    )
    return np.stack([kinds[i % len(kinds)](cells, rng) for i in range(count)])


def _noise(cells: Batch, rng: np.random.Generator) -> Picture:
    """Noise of one grain out of several, gray or in color."""
    size = cells.shape[1]
    grain = int(rng.choice([1, 2, 4, 8]))
    coarse = rng.integers(0, 256, (size // grain, size // grain, rng.choice([1, 3])))
    levels = np.broadcast_to(coarse, (*coarse.shape[:2], 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(levels).resize((size, size), Image.Resampling.BILINEAR))


def _text(cells: Batch, rng: np.random.Generator) -> Picture:
    size = cells.shape[1]
    dark, light = rng.integers(0, 110, 3), rng.integers(190, 256, 3)
    if rng.random() < 0.3:
        dark, light = light, dark
    page = Image.new("RGB", (size, size), tuple(light.tolist()))
    draw = ImageDraw.Draw(page)
    step, start = int(rng.integers(9, 22)), int(rng.integers(0, 40))
    for y in range(int(rng.integers(0, step)), size, step):
        draw.text(
            (int(rng.integers(-30, 8)), y),
            WORDS[start:] + WORDS,
            tuple(dark.tolist()),
            font_size=int(0.8 * step),
        )
    return np.asarray(page)


def _blank(cells: Batch, rng: np.random.Generator) -> Picture:
    """Empty glass: one shade, a slope of light, a little noise."""
    size = cells.shape[1]
    slope = rng.normal(0, 15, 2)
    rows, columns = np.meshgrid(*[np.linspace(-1, 1, size)] * 2, indexing="ij")
    light = rng.integers(120, 256, 3) + (slope[0] * rows + slope[1] * columns)[..., None]
    return np.clip(light + rng.normal(0, rng.uniform(0, 4), (size, size, 3)), 0, 255).astype(
        np.uint8
    )


def _blur(cells: Batch, rng: np.random.Generator) -> Picture:
    cell = Image.fromarray(cells[rng.integers(len(cells))])
    radius = cells.shape[1] * rng.uniform(0.07, 0.15)
    return np.asarray(cell.filter(ImageFilter.GaussianBlur(radius)))
