"""Drawn fields of a blood smear, with the exact truth about every cell in them.

Red cells with their pallor, overlapping, touching and cut off by the border; white cells and
erythroblasts; platelets alone, in clumps and on red cells; dirt; and the stain, lamp, lens and
camera of some laboratory. For tests, demonstrations and load. They are drawings and say nothing
about how well a network reads real blood.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from runtime import shapes
from runtime.debris import paint_blotch, paint_dust, paint_haze, paint_precipitate
from runtime.detection import Kind
from runtime.images import Picture
from runtime.optics import Optics, draw_optics, take
from runtime.scale import RED_CELL_UM
from runtime.shapes import Plane, Rng
from runtime.synthetic import CLASSES, RED_CELL, Canvas, PixelBox, Point, draw_radius_um

# Mean side of a drawn red cell's box, in mean diameters: an outline wavers and is stretched. Red
# cells are as large as the ruler takes them to be, in every field, so that it can be tested.
BOX_SHARE: Final = 1.007
FINEST_UM: Final = 0.16  # a field has many cells, so it is drawn more coarsely than one cell
MIN_SIDE_PX: Final = 32
MAX_SIDE_PX: Final = 4096
MAX_SIDE_UM: Final = 420.0  # bounds time and memory
LEAST_SEEN_UM: Final = 0.5  # a thinner sliver at the border shows no cell
WHITE: Final = tuple(label for label in CLASSES if label != "platelet")
# How often a field has none, one, two or three white cells when it is not told.
WHITE_COUNTS: Final = (0.12, 0.6, 0.2, 0.08)
# Red cells over the area of the field, as labelled in public sets: 5 % of fields have less than
# 0.2, half of them more than 0.5, 5 % more than 0.8.
COVERAGE: Final = (0.12, 0.5, 0.9)
TRIES: Final = 12  # to find room for a cell


@dataclass(frozen=True)
class SmearCell:
    """A drawn cell.

    Attributes:
        kind: as a detector tells it; an erythroblast is a `wbc`, as in sets of fields.
        label: class of a nucleated cell or platelet, one of `runtime.synthetic.CLASSES`; None
            for a red cell.
        box: x0, y0, x1, y1 in pixels of the picture, what is seen of the cell, x1, y1 exclusive.
        touches_edge: whether the picture's edge may cut it off.
    """

    kind: Kind
    label: str | None
    box: PixelBox
    touches_edge: bool


@dataclass(frozen=True)
class Smear:
    """A drawn field: (height, width, 3) uint8 RGB, its cells, and how it was taken."""

    picture: Picture
    cells: tuple[SmearCell, ...]
    um_per_px: float
    optics: Optics


def draw_smear(
    seed: int,
    width: int = 640,
    height: int = 480,
    um_per_px: float = 0.1,
    *,
    white: Sequence[str] | None = None,
    coverage: float | None = None,
    platelets: int | None = None,
    optics: Optics | None = None,
) -> Smear:
    """Draw a field of a stained smear.

    Args:
        seed: 0 or more; the same arguments always give the same picture.
        width: of the picture in pixels, `MIN_SIDE_PX` to `MAX_SIDE_PX`.
        height: of the picture in pixels.
        um_per_px: scale in micrometers per pixel; a side shows at most `MAX_SIDE_UM`.
        white: labels of its nucleated cells, each one of `WHITE`; None draws up to three. One
            that finds no room is left out.
        coverage: area of the red cells over that of the field, as far as they find room; None
            draws what is usual.
        platelets: how many; None draws up to one for eight red cells.
        optics: stain, lamp, lens and camera; None draws them.

    Returns:
        The picture, and every cell of which something is seen.

    Raises:
        ValueError: the seed, size, scale, a label or a number is out of its range.
    """
    streams = _streams(seed, 0, width, height, um_per_px)
    for label in white or ():
        if label not in WHITE:
            raise ValueError(f"no white cell is called {label!r}: choose of {', '.join(WHITE)}")
    if coverage is not None and not 0 <= coverage <= 3:
        raise ValueError(f"coverage is {coverage}: give 0 to 3")
    if platelets is not None and not 0 <= platelets <= 10_000:
        raise ValueError(f"platelets is {platelets}: give 0 to 10000")
    draft = _Draft(Canvas(width, height, um_per_px, FINEST_UM), width, height, um_per_px)
    # Each kind has a stream of its own, so that telling one leaves the others as they were.
    white_rng, red_rng, platelet_rng, dirt_rng, optics_rng, camera_rng = streams
    labels, fullness = _draw_white(white_rng), float(red_rng.triangular(*COVERAGE))
    white_cells = draft.place_white(labels if white is None else white, white_rng)
    draft.paint_red(fullness if coverage is None else coverage, red_rng)
    _paint_dirt(draft.canvas, draft.size_um, dirt_rng, busy=0.35)
    usual = int(platelet_rng.integers(0, 2 + len(draft.red.places) // 8))
    draft.paint_platelets(usual if platelets is None else platelets, platelet_rng)
    for label, place in white_cells:
        draft.paint(label, place, white_rng)
    chosen = optics or draw_optics(optics_rng)
    picture = take(draft.canvas.light(), um_per_px, chosen, camera_rng)
    return Smear(picture, tuple(draft.cells), um_per_px, chosen)


def draw_blank(
    seed: int,
    width: int = 640,
    height: int = 480,
    um_per_px: float = 0.1,
    *,
    optics: Optics | None = None,
) -> Smear:
    """Draw glass without cells: dust, precipitated stain, dirt out of focus, on some nothing.

    Takes, returns and raises what `draw_smear` does.
    """
    streams = _streams(seed, 1, width, height, um_per_px)
    dirt_rng, optics_rng, camera_rng = streams[3:]
    canvas = Canvas(width, height, um_per_px, FINEST_UM)
    size_um = width * um_per_px, height * um_per_px
    _paint_dirt(canvas, size_um, dirt_rng, busy=float(dirt_rng.choice([0.0, 1.0, 4.0])))
    chosen = optics or draw_optics(optics_rng)
    return Smear(take(canvas.light(), um_per_px, chosen, camera_rng), (), um_per_px, chosen)


@dataclass(frozen=True)
class _Place:
    """Where a cell lies, and its mean radius, in micrometers."""

    at: Point
    radius_um: float


class _Crowd:
    """The cells of a kind that have found their places."""

    def __init__(self) -> None:
        self.places: list[_Place] = []
        self._circles = np.empty((64, 3))

    def add(self, place: _Place) -> None:
        count = len(self.places)
        if count == len(self._circles):
            self._circles = np.concatenate([self._circles, self._circles])
        self._circles[count] = *place.at, place.radius_um
        self.places.append(place)

    def gap(self, place: _Place) -> float:
        """Measure how far a cell is from the nearest, negative where they overlap, in um."""
        if not self.places:
            return math.inf
        x, y, radius = self._circles[: len(self.places)].T
        return float((np.hypot(x - place.at[0], y - place.at[1]) - radius).min()) - place.radius_um


@dataclass
class _Draft:
    """A field in the making: what is where, and the truth so far."""

    canvas: Canvas
    width: int
    height: int
    um_per_px: float
    white: _Crowd = field(default_factory=_Crowd)
    red: _Crowd = field(default_factory=_Crowd)
    platelets: _Crowd = field(default_factory=_Crowd)
    cells: list[SmearCell] = field(default_factory=list)

    @property
    def size_um(self) -> tuple[float, float]:
        return self.width * self.um_per_px, self.height * self.um_per_px

    def place_white(self, labels: Sequence[str], rng: Rng) -> list[tuple[str, _Place]]:
        """Find room for white cells, which then is theirs; they are painted last."""
        placed = []
        for label in labels:
            radius_um = draw_radius_um(label, rng)
            for _ in range(4 * TRIES):
                place = _Place(self._anywhere(-0.4 * radius_um, rng), radius_um)
                if self.white.gap(place) > 0.3:
                    self.white.add(place)
                    placed.append((label, place))
                    break
        return placed

    def paint_red(self, coverage: float, rng: Rng) -> None:
        """Paint red cells until they cover enough, or no more find room."""
        look = _RedLook.draw(rng)
        mean_um = RED_CELL_UM / 2 / BOX_SHARE
        margin_um = 0.9 * mean_um
        area = math.prod(side_um + 2 * margin_um for side_um in self.size_um)
        clumping = rng.uniform(0.1, 0.6)
        # Denser smears leave cells lying over one another.
        closest = rng.uniform(0.5, 0.95) if coverage < 0.6 else rng.uniform(0.4, 0.6)
        wanted = coverage * area / (math.pi * mean_um**2)
        for _ in range(round(wanted * TRIES)):
            if len(self.red.places) >= wanted:
                break
            place = _Place(self._anywhere(-margin_um, rng), mean_um * look.size(rng))
            if self.red.places and rng.random() < clumping:
                beside = self.red.places[int(rng.integers(len(self.red.places)))]
                turn, reach_um = rng.uniform(0, math.tau), mean_um * rng.uniform(1.0, 2.0)
                at = (
                    beside.at[0] + reach_um * math.cos(turn),
                    beside.at[1] + reach_um * math.sin(turn),
                )
                place = _Place(at, place.radius_um)
            room = self.red.gap(place) > (closest - 1) * 2 * mean_um
            if room and self._inside(place.at, margin_um) and self.white.gap(place) > -0.5:
                self.red.add(place)
                box = look.paint(self.canvas, place, rng)
                self._tell("rbc", None, box)

    def paint_platelets(self, count: int, rng: Rng) -> None:
        """Paint platelets alone and in clumps, some on red cells."""
        clumping, on_red = rng.choice([0.0, 0.1, 0.7], p=[0.5, 0.35, 0.15]), rng.uniform(0, 0.4)
        for _ in range(count * TRIES):
            if len(self.platelets.places) >= count:
                break
            radius_um = draw_radius_um("platelet", rng)
            at = self._anywhere(-0.5, rng)
            if self.platelets.places and rng.random() < clumping:
                last = self.platelets.places[-1]
                turn, reach_um = rng.uniform(0, math.tau), radius_um + 0.9 * last.radius_um
                at = (
                    last.at[0] + reach_um * math.cos(turn),
                    last.at[1] + reach_um * math.sin(turn),
                )
            place = _Place(at, radius_um)
            free = self.red.gap(place) > 0 or rng.random() < on_red
            if free and self.white.gap(place) > 0.3 and self.platelets.gap(place) > -0.4:
                self.platelets.add(place)
                self.paint("platelet", place, rng)

    def paint(self, label: str, place: _Place, rng: Rng) -> None:
        """Paint a cell that covers what is below it."""
        box = self.canvas.paint_cell(label, place.at, place.radius_um, rng)
        self._tell("platelet" if label == "platelet" else "wbc", label, box)

    def _tell(self, kind: Kind, label: str | None, box: PixelBox | None) -> None:
        if box is None:
            return
        x0, y0, x1, y1 = box
        if min(x1 - x0, y1 - y0) >= max(2, LEAST_SEEN_UM / self.um_per_px):
            edge = x0 == 0 or y0 == 0 or x1 == self.width or y1 == self.height
            self.cells.append(SmearCell(kind, label, box, edge))

    def _anywhere(self, from_edge_um: float, rng: Rng) -> Point:
        width_um, height_um = self.size_um
        return (
            rng.uniform(from_edge_um, width_um - from_edge_um),
            rng.uniform(from_edge_um, height_um - from_edge_um),
        )

    def _inside(self, at: Point, margin_um: float) -> bool:
        return all(
            -margin_um < c < side + margin_um for c, side in zip(at, self.size_um, strict=True)
        )


@dataclass(frozen=True)
class _RedLook:
    """What the red cells of a smear have in common."""

    spread: float  # of their diameters; a distribution width of 12 to 14 % is one of volumes
    pallor: float  # depth of the pale center, as a share of the thickness
    pallor_width: float  # as a share of the radius
    rim: float  # how much thicker the rim is
    stretch: float
    full: float  # share of cells without a pale center
    spiky: float  # share of cells with a crenated outline

    @classmethod
    def draw(cls, rng: Rng) -> "_RedLook":
        return cls(
            spread=rng.uniform(0.02, 0.045),
            pallor=rng.uniform(0.5, 1.1),
            pallor_width=rng.uniform(0.42, 0.68),
            rim=rng.uniform(0.05, 0.6),
            stretch=rng.uniform(0.01, 0.1),
            full=rng.uniform(0, 0.25),
            spiky=rng.choice([0.0, 0.02, 0.6], p=[0.6, 0.33, 0.07]),
        )

    def size(self, rng: Rng) -> float:
        return float(np.clip(rng.normal(1, self.spread), 0.75, 1.25))

    def paint(self, canvas: Canvas, place: _Place, rng: Rng) -> PixelBox | None:
        radius_um = place.radius_um
        pallor = min(1.0, self.pallor * rng.uniform(0.7, 1.15)) * (rng.random() >= self.full)
        width_um = radius_um * self.pallor_width * rng.uniform(0.85, 1.15)
        stretch = 1 + abs(rng.normal(0, self.stretch))
        thick, spiky = rng.normal(1, 0.08), rng.random() < self.spiky
        off_x, off_y = rng.normal(0, 0.06 * radius_um, 2).tolist()

        def layer(x: Plane, y: Plane) -> tuple[Plane, Plane]:
            x, y = x / stretch**0.5, y * stretch**0.5
            outline_um = shapes.blob(x, y, radius_um, 0.035, rng)
            if spiky:
                turns = np.arctan2(y, x) * int(rng.integers(9, 14)) + rng.uniform(0, math.tau)
                outline_um += (0.07 * radius_um * (np.cos(turns) + 1)).astype(np.float32)
            away = np.hypot(x - off_x, y - off_y) / width_um
            pale = np.exp(-(away * away * away))
            rim = self.rim * shapes.edge(outline_um + 0.55, 0.6) + 0.3 * shapes.edge(
                outline_um, 0.25
            )
            body = shapes.cover(outline_um, 0.25)
            return outline_um, body * thick * (1 - pallor * pale + rim)

        return canvas.absorb(place.at, radius_um, RED_CELL, layer, rng)


def refuse_size(width: int, height: int, um_per_px: float) -> None:
    """Refuse a picture that would be too small, too large, or show too much.

    Raises:
        ValueError: the size or the scale is out of its range.
    """
    if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (width, height)):
        raise ValueError(
            f"the size is {width} x {height}: give {MIN_SIDE_PX} to {MAX_SIDE_PX} pixels a side"
        )
    if not 0.01 <= um_per_px <= MAX_SIDE_UM / max(width, height):
        raise ValueError(
            f"um_per_px is {um_per_px}: give 0.01 to {MAX_SIDE_UM / max(width, height):.3g}, so "
            f"that a side shows at most {MAX_SIDE_UM:g} um"
        )


def _streams(seed: int, what: int, width: int, height: int, um_per_px: float) -> list[Rng]:
    if seed < 0:
        raise ValueError(f"seed is {seed}: give 0 or more")
    refuse_size(width, height, um_per_px)
    streams = np.random.SeedSequence([seed, what]).spawn(6)
    return [np.random.default_rng(stream) for stream in streams]


def _draw_white(rng: Rng) -> list[str]:
    count = int(rng.choice(len(WHITE_COUNTS), p=WHITE_COUNTS))
    return [WHITE[int(i)] for i in rng.integers(0, len(WHITE), count)]


def _paint_dirt(canvas: Canvas, size_um: tuple[float, float], rng: Rng, busy: float) -> None:
    for paint in (paint_blotch, paint_haze, paint_dust, paint_precipitate):
        for _ in range(int(rng.poisson(busy))):
            paint(canvas, size_um, rng)
