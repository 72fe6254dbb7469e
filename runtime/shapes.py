"""Shapes as signed distances in micrometers, negative inside, and smooth noise to fill them with.

Edges drawn from a distance are smooth at any scale, and a cell keeps its form from one resolution
to the next. Planes are (height, width) float32; `x` and `y` are places in micrometers.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[np.float32]
Rng: TypeAlias = np.random.Generator

LATTICE: Final = 64  # places along a side of the tiled random lattices; a power of two


def blob(x: Plane, y: Plane, radius_um: float, wobble: float, rng: Rng) -> Plane:
    """Give the distance to a circle whose radius wavers by the share `wobble`."""
    away = np.hypot(x, y)
    turn = (x + 1j * y) / np.maximum(away, 1e-6)
    wave, waver = turn, np.zeros_like(x)
    for waves in (2, 3, 4, 5):  # powers of a unit number, far quicker than sines of an angle
        wave = wave * turn
        a, b = rng.normal(0, 0.7 / waves, 2).tolist()
        waver += a * wave.real + b * wave.imag
    distance_um: Plane = away - radius_um * (1 + wobble * waver)
    return distance_um


def merged(a: Plane, b: Plane, round_um: float) -> Plane:
    """Unite two shapes with a rounded seam, as touching lobes have."""
    fillet: Plane = np.square(np.maximum(round_um - np.abs(a - b), 0)) / (4 * round_um)
    return np.minimum(a, b) - fillet


def cover(distance_um: Plane, soft_um: float) -> Plane:
    """Give the share of each pixel that a shape covers, its edge blurred over `soft_um`."""
    share: Plane = np.clip(0.5 - distance_um / soft_um, 0, 1)
    return share


def edge(distance_um: Plane, wide_um: float) -> Plane:
    """Give 1 on the outline of a shape, falling to either side over `wide_um`."""
    near: Plane = np.exp(-np.square(distance_um / wide_um))
    return near


def clouds(x: Plane, y: Plane, scale_um: float, rng: Rng) -> Plane:
    """Give smooth noise, -1 to 1, whose lumps are `scale_um` wide."""
    values = rng.uniform(-1, 1, LATTICE * LATTICE).astype(np.float32)
    left, top = np.floor(x / scale_um), np.floor(y / scale_um)
    u, v = x / scale_um - left, y / scale_um - top
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    column, row = left.astype(np.int32), top.astype(np.int32)
    columns = column % LATTICE, (column + 1) % LATTICE
    upper, lower = (
        (1 - u) * values[here + columns[0]] + u * values[here + columns[1]]
        for here in (row % LATTICE * LATTICE, (row + 1) % LATTICE * LATTICE)
    )
    noise: Plane = (1 - v) * upper + v * lower
    return noise


def grains(x: Plane, y: Plane, radius_um: float, share: float, rng: Rng) -> Plane:
    """Give the distance to round grains, one at most in each place of a jittered lattice."""
    spacing_um = 2.4 * radius_um
    across, down = rng.uniform(0, spacing_um, (2, LATTICE * LATTICE)).astype(np.float32)
    size = rng.uniform(0.75, 1.2, LATTICE * LATTICE).astype(np.float32) * radius_um
    size[rng.random(size.size) >= share] = -spacing_um  # an empty place
    column, row = np.floor(x / spacing_um), np.floor(y / spacing_um)
    x, y = x - column * spacing_um, y - row * spacing_um
    columns, rows = column.astype(np.int32), row.astype(np.int32)
    nearest = np.full_like(x, np.inf)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            place = (rows + i) % LATTICE * LATTICE + (columns + j) % LATTICE
            dx, dy = x - across[place] - j * spacing_um, y - down[place] - i * spacing_um
            np.minimum(nearest, np.sqrt(dx * dx + dy * dy) - size[place], out=nearest)
    return nearest
