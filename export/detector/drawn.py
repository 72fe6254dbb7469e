"""Drawn pictures without cells: what a detector must not take for blood."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from runtime.images import Picture

MOST_SHAPES = 30


def draw_nothing(side: int, rng: np.random.Generator) -> Picture:
    """Draw shades, textures, lines, patches and single things on a plain ground, of any color.

    Returns:
        (side, side, 3) uint8 RGB.
    """
    plain = rng.random() < 0.5
    coarse = 2 if plain else int(rng.integers(2, 14))
    spread = rng.uniform(0, 8) if plain else rng.uniform(0, 60)
    gray = rng.random() < 0.3
    ground = np.full(3, rng.uniform(0, 255)) if gray else rng.uniform(0, 255, 3)
    shades = rng.normal(ground, spread, (coarse, coarse, 3))
    image = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 4) if plain else rng.integers(0, MOST_SHAPES))):
        color = np.full(3, rng.integers(0, 256)) if gray else rng.integers(0, 256, 3)
        _shape(draw, side, tuple(color.tolist()), rng)
    if rng.random() < 0.6:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 3))))
    grain = max(1, int(rng.integers(-3, 6)))
    noise = rng.normal(0, rng.uniform(0, 25), (side // grain + 1, side // grain + 1, 1))
    noise = np.kron(noise, np.ones((grain, grain, 1)))[:side, :side]
    return np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)


def _shape(
    draw: ImageDraw.ImageDraw, side: int, color: tuple[int, ...], rng: np.random.Generator
) -> None:
    """Draw a thing of some size: with corners, a stroke, a box, or long and round in parts."""
    x, y = rng.uniform(-0.1, 1.1, 2) * side
    size = float(np.exp(rng.uniform(np.log(4), np.log(side))))
    kind = int(rng.integers(4))
    if kind == 0:
        corners = rng.uniform(-0.5, 0.5, (int(rng.integers(3, 9)), 2)) * size + (x, y)
        draw.polygon([tuple(c) for c in corners.tolist()], fill=color)
    elif kind == 1:
        ends = rng.uniform(-1, 1, (2, 2)) * size + (x, y)
        draw.line([tuple(c) for c in ends.tolist()], color, int(rng.integers(1, 9)))
    elif kind == 2:
        draw.rectangle([x, y, x + size, y + size * rng.uniform(0.1, 1)], fill=color)
    else:
        # Long things alone: round ones might as well be cells.
        long, thin = size, size * rng.uniform(0.15, 0.45)
        for _ in range(int(rng.integers(1, 4))):
            draw.ellipse([x, y, x + long, y + thin], fill=color)
            x, y, long, thin = x + thin / 3, y + thin, thin, long
            color = tuple(int(c) for c in np.clip(np.array(color) + rng.normal(0, 40, 3), 0, 255))
