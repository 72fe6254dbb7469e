"""Drawn pictures without cells: what a detector must not take for blood."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from runtime.images import Picture


def draw_nothing(side: int, rng: np.random.Generator) -> Picture:
    """Draw shades, textures, lines, letters' strokes and patches of any color.

    Returns:
        (side, side, 3) uint8 RGB.
    """
    coarse = int(rng.integers(1, 12))
    shades = rng.normal(rng.uniform(30, 230, 3), rng.uniform(0, 50), (coarse, coarse, 3))
    image = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 30))):
        color = tuple(int(level) for level in rng.integers(0, 256, 3))
        x, y = rng.uniform(-0.1, 1.1, 2) * side
        size = np.exp(rng.uniform(np.log(3), np.log(side)))
        kind = int(rng.integers(3))
        if kind == 0:
            corners = rng.uniform(-0.5, 0.5, (int(rng.integers(3, 6)), 2)) * size + (x, y)
            draw.polygon([tuple(c) for c in corners.tolist()], fill=color)
        elif kind == 1:
            ends = rng.uniform(-1, 1, (2, 2)) * size + (x, y)
            draw.line([tuple(c) for c in ends.tolist()], color, int(rng.integers(1, 9)))
        else:
            draw.rectangle([x, y, x + size, y + size * rng.uniform(0.1, 1)], fill=color)
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 3))))
    noise = rng.normal(0, rng.uniform(0, 20), (side, side, 3))
    return np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
