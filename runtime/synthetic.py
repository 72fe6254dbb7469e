"""Drawn blood cells: seeded pictures with a May-Gruenwald-Giemsa look.

They stand in wherever a real picture may not ship or would take too long to get: samples in the
web app, a bundle's golden picture, training data for tests. They are drawings and say nothing
about how well a network reads real blood.

What cells are made of is in `runtime/shapes.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from runtime import shapes
from runtime.images import Picture
from runtime.shapes import Plane, Rng

Color: TypeAlias = tuple[int, int, int]
PixelBox: TypeAlias = tuple[int, int, int, int]
Point: TypeAlias = tuple[float, float]
Nucleus: TypeAlias = Callable[[Plane, Plane, float, Rng], Plane]
Layer: TypeAlias = Callable[[Plane, Plane], tuple[Plane, Plane]]

GLASS: Final[Color] = (255, 228, 202)
RED_CELL: Final[Color] = (214, 168, 160)
RED_CELL_RADIUS_UM: Final = 3.6
MAX_SIZE_PX: Final = 2048
MAX_WINDOW_UM: Final = 200.0  # wider is a smear, not a cell; this also bounds time and memory
FINEST_UM: Final = 0.1  # a granule is a few of these wide; drawn more coarsely it would be lost
BLUR_UM: Final = 0.25  # about what a x100 oil objective resolves


def _round_nucleus(share: float, dent: float) -> Nucleus:
    """Describe a nucleus of `share` times the cell's radius, dented from one side by `dent`."""

    def shape(x: Plane, y: Plane, radius_um: float, rng: Rng) -> Plane:
        size_um = radius_um * share * rng.uniform(0.95, 1.04)
        shift_um = (radius_um - size_um) * rng.uniform(0.1, 0.6)
        nucleus = shapes.blob(x - shift_um, y, size_um, 0.06, rng)
        bite_um = size_um * dent * rng.uniform(0.8, 1.15)
        bite = np.hypot((x - shift_um + size_um * 1.02) * 0.7, y) - bite_um
        return -shapes.merged(-nucleus, bite, 1.0) if dent else nucleus

    return shape


def _lobed_nucleus(fewest: int, most: int, lobe: float, arc: float) -> Nucleus:
    """Describe lobes of `lobe` times the cell's radius, strung along `arc` radians."""

    def shape(x: Plane, y: Plane, radius_um: float, rng: Rng) -> Plane:
        count = int(rng.integers(fewest, most, endpoint=True))
        nucleus = np.full_like(x, np.inf)
        last_x = last_y = 0.0
        for i in range(count):
            turn = arc * (i / (count - 1) - 0.5) + rng.normal(0, 0.1)
            reach_um = radius_um * rng.uniform(0.44, 0.54)
            at_x, at_y = reach_um * math.cos(turn), reach_um * math.sin(turn)
            dx, dy = x - at_x, y - at_y
            size_um = radius_um * lobe * rng.uniform(0.88, 1.12)
            nucleus = shapes.merged(nucleus, shapes.blob(dx, dy, size_um, 0.12, rng), 0.5)
            if i > 0:
                run_x, run_y = last_x - at_x, last_y - at_y
                along: Plane = np.clip((dx * run_x + dy * run_y) / (run_x**2 + run_y**2), 0, 1)
                off_x: Plane = dx - along * run_x
                off_y: Plane = dy - along * run_y
                bridge: Plane = np.hypot(off_x, off_y)
                nucleus = shapes.merged(nucleus, bridge - 0.4, 0.5)
            last_x, last_y = at_x, at_y
        return nucleus

    return shape


@dataclass(frozen=True)
class _Look:
    radius_um: tuple[float, float]
    cytoplasm: Color
    granule: Color
    granule_um: float  # radius
    granule_share: float  # of the places that could hold one
    nucleus: Nucleus | None = None
    chromatin: Color = (0, 0, 0)
    contrast: float = 0.14  # of the chromatin's texture
    wobble: float = 0.04
    vacuoles: int = 0
    granules_on_top: bool = False


# A row or two a class reads as the table it is, so the formatter is kept out.
# fmt: off
_LOOKS: Final = {
    "basophil": _Look((5.4, 6.6), (206, 165, 205), (50, 27, 92), 0.36, 0.85,
                      _round_nucleus(0.72, 0.3), (112, 70, 150), granules_on_top=True),
    "eosinophil": _Look((6.0, 7.4), (236, 186, 168), (212, 98, 80), 0.34, 0.95,
                        _lobed_nucleus(2, 2, 0.38, 2.4), (82, 48, 124)),
    "erythroblast": _Look((4.4, 5.3), (172, 152, 180), (166, 146, 178), 0.20, 0.3,
                          _round_nucleus(0.6, 0), (42, 24, 64), contrast=0.22),
    "ig": _Look((7.2, 9.2), (186, 160, 214), (128, 62, 160), 0.17, 0.55,
                _round_nucleus(0.68, 0.35), (118, 66, 164), granules_on_top=True),
    "lymphocyte": _Look((4.8, 5.8), (134, 150, 208), (126, 140, 202), 0.20, 0.2,
                        _round_nucleus(0.86, 0), (92, 56, 140), contrast=0.18),
    "monocyte": _Look((7.6, 9.2), (176, 152, 196), (158, 130, 184), 0.15, 0.4,
                      _round_nucleus(0.82, 0.34), (110, 78, 140), 0.3, wobble=0.09, vacuoles=3),
    "neutrophil": _Look((6.0, 7.2), (236, 206, 208), (206, 160, 184), 0.15, 0.6,
                        _lobed_nucleus(3, 4, 0.28, 3.9), (80, 44, 118)),
    "platelet": _Look((1.2, 1.65), (192, 160, 208), (94, 42, 124), 0.20, 0.7, wobble=0.15),
}
# fmt: on

CLASSES: Final[tuple[str, ...]] = tuple(_LOOKS)


def _look(label: str) -> _Look:
    if label not in _LOOKS:
        raise ValueError(f"no cell is called {label!r}: choose one of {', '.join(CLASSES)}")
    return _LOOKS[label]


class Canvas:
    """Clean glass under a microscope, to paint cells on and then take a picture of.

    Places are (x, y) in micrometers from the upper left corner of the picture.
    """

    def __init__(
        self, width_px: int, height_px: int, um_per_px: float, finest_um: float = FINEST_UM
    ) -> None:
        """Lay out glass for a picture of this size in pixels and scale in micrometers per pixel.

        A scale coarser than `finest_um` is drawn finer and averaged.
        """
        # As a camera's pixel averages what it sees.
        self._finer = max(1, math.ceil(um_per_px / finest_um - 1e-9))
        self._um_per_px = um_per_px / self._finer
        self._pixels = np.empty((height_px * self._finer, width_px * self._finer, 3), np.float32)
        self._pixels[:] = GLASS

    def paint_cell(
        self, label: str, center_um: Point, radius_um: float, rng: Rng
    ) -> PixelBox | None:
        """Paint a white cell, an erythroblast or a platelet over what is there.

        Args:
            label: one of `CLASSES`.
            center_um: x and y of the cell's center in micrometers.
            radius_um: mean radius of the cell in micrometers, as `draw_radius_um` gives it.
            rng: source of all that varies.

        Returns:
            The cell's box in pixels of the picture (x0, y0, x1, y1), x1 and y1 exclusive; None
            if it shows on no pixel.

        Raises:
            ValueError: the label is unknown.
        """
        look, soft_um = _look(label), max(self._um_per_px, BLUR_UM)
        pixels, x, y, corner_px = self._around(center_um, radius_um, rng)

        def lay(color: Color, cover: Plane, shade: Plane | float = 1.0) -> None:
            varied = (np.array(color) + rng.normal(0, 4, 3)).astype(np.float32)
            pixels[:] += cover[..., None] * (varied * np.asarray(shade)[..., None] - pixels)

        body_um = shapes.blob(x, y, radius_um, look.wobble, rng)
        body = shapes.cover(body_um, soft_um)
        # Stain gathers at the rim, which also parts pale cytoplasm from the glass.
        clouds = shapes.clouds(x, y, 1.6, rng) + shapes.clouds(x, y, 0.5, rng)
        lay(look.cytoplasm, body, (1 + 0.05 * clouds) * (1 - 0.16 * shapes.edge(body_um, 0.35)))
        grains_um = shapes.grains(x, y, look.granule_um, look.granule_share, rng)
        grains = shapes.cover(np.maximum(grains_um, body_um + 0.15), soft_um)
        if not look.granules_on_top:
            lay(look.granule, grains)
        for _ in range(int(rng.integers(1, look.vacuoles, endpoint=True)) if look.vacuoles else 0):
            turn, reach_um = math.pi + rng.uniform(-0.9, 0.9), radius_um * rng.uniform(0.5, 0.8)
            hole_um = np.hypot(x - reach_um * math.cos(turn), y - reach_um * math.sin(turn))
            lay((232, 222, 230), body * shapes.cover(hole_um - rng.uniform(0.45, 0.9), soft_um))
        if look.nucleus is not None:
            # However both were drawn, a nucleus stays inside its cell.
            nucleus_um = np.maximum(look.nucleus(x, y, radius_um, rng), body_um + 0.3)
            clumps = shapes.clouds(x, y, 1.1, rng) + shapes.clouds(x, y, 0.45, rng)
            shade = (1 + look.contrast * clumps) * (1 - 0.2 * shapes.edge(nucleus_um, 0.3))
            lay(look.chromatin, shapes.cover(nucleus_um, soft_um), shade)
        if look.granules_on_top:
            lay(look.granule, grains)
        return self._box(body, corner_px)

    def paint_red_cell(self, center_um: Point, radius_um: float, rng: Rng) -> PixelBox | None:
        """Paint a red cell; takes and returns what `paint_cell` does.

        Red cells absorb light where others cover, so that they darken where they overlap.
        """
        pixels, x, y, corner_px = self._around(center_um, radius_um, rng)
        body_um = shapes.blob(x, y, radius_um, 0.05, rng)
        body = shapes.cover(body_um, max(self._um_per_px, BLUR_UM))
        pale = np.exp(-((np.hypot(x, y) / (radius_um * rng.uniform(0.45, 0.6))) ** 3))
        thickness = (
            body * (1 - rng.uniform(0.4, 0.9) * pale) * (1 + 0.25 * shapes.edge(body_um, 0.5))
        )
        absorbed = np.log(np.array(GLASS) / (np.array(RED_CELL) + rng.normal(0, 3, 3)))
        pixels[:] *= np.exp(-thickness[..., None] * absorbed.astype(np.float32))
        return self._box(body, corner_px)

    def absorb(
        self, center_um: Point, radius_um: float, color: Color, layer: Layer, rng: Rng
    ) -> PixelBox | None:
        """Lay something transparent over what is there, which darkens it.

        Args:
            center_um: x and y of its center in micrometers.
            radius_um: it reaches at most 1.4 times as far.
            color: what glass looks like through a thickness of 1, RGB.
            layer: takes x and y in micrometers from the center, and gives the signed distance to
                the outline in micrometers and the thickness.
            rng: source of the turn in which it lies.

        Returns:
            As `paint_cell`, the box of the outline.
        """
        pixels, x, y, corner_px = self._around(center_um, radius_um, rng)
        outline_um, thickness = layer(x, y)
        absorbed = np.log(np.array(GLASS) / np.array(color)).astype(np.float32)
        pixels[:] *= np.exp(-thickness[..., None] * absorbed)
        return self._box(shapes.cover(outline_um, self._um_per_px), corner_px)

    def light(self) -> npt.NDArray[np.float32]:
        """Return the light that comes through, (height_px, width_px, 3) RGB, 0 to 255."""
        height, width, finer = *self._pixels.shape[:2], self._finer
        blocks = self._pixels.reshape(height // finer, finer, width // finer, finer, 3)
        light: npt.NDArray[np.float32] = blocks.mean(axis=(1, 3))
        return light

    def picture(self, rng: Rng) -> Picture:
        """Take the picture, with the tint of a lamp and the noise of a camera drawn from `rng`.

        Returns:
            (height_px, width_px, 3) uint8 RGB.
        """
        tint = rng.uniform(0.96, 1.0) * rng.uniform(0.985, 1.0, 3)
        light = self.light() * tint.astype(np.float32)
        light += 1.8 * rng.standard_normal(light.shape, np.float32)
        picture: Picture = np.rint(light.clip(0, 255)).astype(np.uint8)
        return picture

    def _around(
        self, center_um: Point, radius_um: float, rng: Rng
    ) -> tuple[Plane, Plane, Plane, tuple[int, int]]:
        """Give the pixels that a cell may touch, their x and y in its own frame, their corner.

        The frame is turned, and a little stretched, in micrometers from the cell's center.
        """
        reach_um, turn, stretch = 1.4 * radius_um, rng.uniform(0, math.tau), rng.uniform(1, 1.05)
        (left, right), (top, bottom) = (
            [min(max(round((c + way) / self._um_per_px), 0), side) for way in (-reach_um, reach_um)]
            for c, side in zip(center_um, self._pixels.shape[1::-1], strict=True)
        )
        x = (np.arange(left, right)[None, :] + 0.5) * self._um_per_px - center_um[0]
        y = (np.arange(top, bottom)[:, None] + 0.5) * self._um_per_px - center_um[1]
        along = (x * math.cos(turn) + y * math.sin(turn)) / stretch
        aside = (y * math.cos(turn) - x * math.sin(turn)) * stretch
        pixels = self._pixels[top:bottom, left:right]
        return pixels, along.astype(np.float32), aside.astype(np.float32), (left, top)

    def _box(self, body: Plane, corner_px: tuple[int, int]) -> PixelBox | None:
        rows, columns = np.nonzero(body >= 0.5)
        if rows.size == 0:
            return None
        left, top = corner_px
        x0, y0 = (left + int(columns.min())) // self._finer, (top + int(rows.min())) // self._finer
        x1, y1 = (left + int(columns.max())) // self._finer, (top + int(rows.max())) // self._finer
        return (x0, y0, x1 + 1, y1 + 1)


def draw_radius_um(label: str, rng: Rng) -> float:
    """Draw a plausible radius in micrometers for a cell of one of `CLASSES`."""
    return rng.uniform(*_look(label).radius_um)


def draw_cell(label: str, seed: int, size_px: int = 360, um_per_px: float = 0.1) -> Picture:
    """Draw one stained cell in the center of cream glass, with a few red cells around it.

    Args:
        label: one of `CLASSES`.
        seed: 0 or more; the same arguments always give the same picture.
        size_px: side of the picture, 8 to `MAX_SIZE_PX` pixels.
        um_per_px: scale in micrometers per pixel; the side shows at most `MAX_WINDOW_UM`.

    Returns:
        (size_px, size_px, 3) uint8 RGB.

    Raises:
        ValueError: the label is unknown, or the seed, size or scale is out of its range.
    """
    _look(label)
    side_um = size_px * um_per_px
    if not 8 <= size_px <= MAX_SIZE_PX:
        raise ValueError(f"size_px is {size_px}: give 8 to {MAX_SIZE_PX}")
    if not 0 < side_um <= MAX_WINDOW_UM:
        raise ValueError(f"um_per_px is {um_per_px}: {size_px} pixels span 0 to {MAX_WINDOW_UM} um")
    if seed < 0:
        raise ValueError(f"seed is {seed}: give 0 or more")
    # How many red cells fit hangs on the window; the cell and the camera must not, so each
    # has a stream of its own.
    streams = np.random.SeedSequence([seed, CLASSES.index(label)]).spawn(3)
    cell_rng, red_rng, camera_rng = (np.random.default_rng(stream) for stream in streams)
    canvas = Canvas(size_px, size_px, um_per_px)
    radius_um = draw_radius_um(label, cell_rng)
    x_um, y_um = (side_um / 2 + cell_rng.uniform(-0.8, 0.8, 2)).tolist()
    beyond_um = side_um + RED_CELL_RADIUS_UM
    taken = [(x_um, y_um, radius_um + 0.8)]
    for _ in range(int((side_um + 2 * RED_CELL_RADIUS_UM) ** 2 / red_rng.uniform(25, 60))):
        red_x, red_y = red_rng.uniform(-RED_CELL_RADIUS_UM, beyond_um, 2).tolist()
        red_um = RED_CELL_RADIUS_UM * red_rng.normal(1, 0.05)
        gaps = [math.hypot(red_x - x, red_y - y) - red_um - r for x, y, r in taken]
        # Red cells may overlap a little, but leave the cell in question alone.
        if gaps[0] > 0 and min(gaps) > -0.8:
            taken.append((red_x, red_y, red_um))
            canvas.paint_red_cell((red_x, red_y), red_um, red_rng)
    canvas.paint_cell(label, (x_um, y_um), radius_um, cell_rng)
    return canvas.picture(camera_rng)
