"""What lies on a slide besides cells: stain precipitate, dust, fibers, dirt out of focus."""

from typing import Final

import numpy as np

from runtime import shapes
from runtime.shapes import Plane, Rng
from runtime.synthetic import Canvas, Color, Layer

# Giemsa precipitates dark violet; dust is brown to gray; what is out of focus has lost its color.
PRECIPITATE: Final[Color] = (84, 48, 118)
DUST: Final[Color] = (96, 82, 68)
BLOTCH: Final[Color] = (200, 162, 178)
SHADOW: Final[Color] = (196, 172, 150)


def paint_precipitate(canvas: Canvas, size_um: tuple[float, float], rng: Rng) -> None:
    """Strew a swarm of dark grains of 0.2 to 0.9 um over some place of a canvas.

    Args:
        canvas: what is painted on, in place.
        size_um: width and height of the canvas in micrometers.
        rng: source of all that varies.
    """
    at_x, at_y = _place(size_um, rng)
    spread_um = rng.uniform(0.5, 9)
    for _ in range(int(rng.integers(1, 26))):
        dx, dy = rng.normal(0, spread_um, 2).tolist()
        radius_um = rng.uniform(0.1, 0.45)
        grain = _lump(radius_um, 0.15, 0.15, rng.uniform(0.5, 1.2), rng)
        canvas.absorb((at_x + dx, at_y + dy), 3 * radius_um, PRECIPITATE, grain, rng)


def paint_dust(canvas: Canvas, size_um: tuple[float, float], rng: Rng) -> None:
    """Lay a speck of dust or a fiber on some place of a canvas; takes what precipitate does."""
    color = _near(DUST, 20, rng)
    if rng.random() < 0.3:
        length_um = rng.uniform(8, 40)
        canvas.absorb(_place(size_um, rng), length_um / 2, color, _fiber(length_um, rng), rng)
        return
    radius_um = rng.uniform(0.5, 3.5)
    speck = _lump(radius_um, 0.3, rng.uniform(0.3, 1.0), rng.uniform(0.3, 1.0), rng)
    canvas.absorb(_place(size_um, rng), 2 * radius_um, color, speck, rng)


def paint_haze(canvas: Canvas, size_um: tuple[float, float], rng: Rng) -> None:
    """Let dirt far out of focus darken some place: a soft disk, often with a ring."""
    radius_um = rng.uniform(2, 14)
    soft_um = radius_um * rng.uniform(0.25, 0.7)
    depth, ring = rng.uniform(0.08, 0.5), rng.choice([0.0, rng.uniform(0.2, 0.9)])

    def haze(x: Plane, y: Plane) -> tuple[Plane, Plane]:
        outline_um = shapes.blob(x, y, radius_um * 0.7, 0.05, rng)
        inside = shapes.cover(outline_um, soft_um)
        inside = inside * inside * (3 - 2 * inside)
        return outline_um, depth * (inside + ring * shapes.edge(outline_um, soft_um / 2))

    canvas.absorb(_place(size_um, rng), radius_um, _near(SHADOW, 12, rng), haze, rng)


def paint_blotch(canvas: Canvas, size_um: tuple[float, float], rng: Rng) -> None:
    """Leave a pale, uneven blotch of stain on some place, as wide as a cell or wider."""
    radius_um = rng.uniform(2, 12)
    depth = rng.uniform(0.2, 1.0)

    def blotch(x: Plane, y: Plane) -> tuple[Plane, Plane]:
        outline_um = shapes.blob(x, y, radius_um, 0.25, rng)
        uneven = 1 + 0.5 * shapes.clouds(x, y, radius_um / 2, rng)
        return outline_um, depth * shapes.cover(outline_um, radius_um * 0.8) * uneven

    canvas.absorb(_place(size_um, rng), radius_um * 1.3, _near(BLOTCH, 12, rng), blotch, rng)


def _lump(radius_um: float, wobble: float, soft_um: float, depth: float, rng: Rng) -> Layer:
    def lump(x: Plane, y: Plane) -> tuple[Plane, Plane]:
        outline_um = shapes.blob(x, y, radius_um, wobble, rng)
        return outline_um, depth * shapes.cover(outline_um, soft_um)

    return lump


def _fiber(length_um: float, rng: Rng) -> Layer:
    bend, wide_um, depth = rng.uniform(-0.6, 0.6), rng.uniform(0.3, 1.0), rng.uniform(0.3, 1.0)

    def fiber(x: Plane, y: Plane) -> tuple[Plane, Plane]:
        half_um = length_um / 2
        off_um = np.abs(y - bend * half_um * ((x / half_um) ** 2 - 0.5))
        outline_um = np.maximum(off_um - wide_um / 2, np.abs(x) - half_um)
        return outline_um, depth * shapes.cover(outline_um, 0.4)

    return fiber


def _place(size_um: tuple[float, float], rng: Rng) -> tuple[float, float]:
    return rng.uniform(0, size_um[0]), rng.uniform(0, size_um[1])


def _near(color: Color, spread: float, rng: Rng) -> Color:
    red, green, blue = (int(np.clip(level + rng.normal(0, spread), 8, 250)) for level in color)
    return red, green, blue
