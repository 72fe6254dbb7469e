"""Cells that stay in view, or come back into it, are counted once.

A stage moves all cells of a picture by the same way. Each picture is laid on the map of what was
seen before: where most pairs of a cell seen and a cell known agree on one displacement, that is
where the stage is. A picture that fits nowhere begins a map of its own, so that a blurred one costs
nothing (its cells are not seen again) and a jump to another field starts afresh.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from runtime.differential import Typed
from runtime.trust import UNFAMILIAR

# Whole sightings after which a cell counts: what is found once only may be dirt or noise.
SIGHTINGS: Final = 2
# How many maps are kept, the last used first; older ones cannot be returned to.
MAPS: Final = 8
# Shares of a cell's side: how far boxes of one cell lie apart, and how exactly they move together.
SAME_CELL: Final = 0.4
SAME_WAY: Final = 0.15
# A place is believed where so many cells agree, so many of those expected there, of those seen.
LEAST_VOTES: Final = 3
LEAST_OF_KNOWN: Final = 0.5
LEAST_OF_SEEN: Final = 0.25
# Pictures of a map after which what was not seen whole often enough is forgotten.
FORGOTTEN: Final = 50
# Sightings of which a position is the mean: the newest count, as errors of the way add up.
REMEMBERED: Final = 8

Points = npt.NDArray[np.float64]


class Seen(Protocol):
    """What is asked of a cell that was found in a picture."""

    @property
    def kind(self) -> str:
        """Which kind of cell it is."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in pixels."""

    @property
    def touches_edge(self) -> bool:
        """Whether the picture's edge may cut it off."""

    @property
    def classification(self) -> Typed | None:
        """Which white cell it is."""


@dataclass(frozen=True)
class Named:
    """What the sightings of one white cell say together."""

    label: str
    status: str | None


@dataclass
class _Known:
    """A cell on a map: where it is there, how large, and what was said of it."""

    kind: str
    place: Points  # (2,), pixels
    side: float
    whole: int = 0
    last: int = 0  # number of the map's picture that showed it last
    named: Counter[Named] = field(default_factory=Counter)

    def seen(self, cell: Seen, place: Points, number: int) -> None:
        self.last = number
        if cell.touches_edge:
            return
        self.whole += 1
        weight = 1 / min(self.whole, REMEMBERED)
        self.place = self.place + weight * (place - self.place)
        self.side = _side(cell)
        if cell.classification is not None:
            self.named[Named(cell.classification.label, cell.classification.status)] += 1


@dataclass
class _Map:
    """What was seen without a break: cells, and where the picture's corner is among them."""

    cells: list[_Known] = field(default_factory=list)
    corner: Points = field(default_factory=lambda: np.zeros(2))
    speed: Points = field(default_factory=lambda: np.zeros(2))
    pictures: int = 0

    def near(self, size: Points) -> list[_Known]:
        """Give the cells that may be in view after one step of less than a picture."""
        low, high = self.corner - size, self.corner + 2 * size
        return [k for k in self.cells if (k.place > low).all() and (k.place < high).all()]


class CellTracker:
    """Counts the cells of a moving picture, each once."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._maps = deque[_Map](maxlen=MAPS)
        self._counted = list[_Known]()

    @property
    def counts(self) -> dict[str, int]:
        """How many cells of each kind have been counted."""
        return dict(Counter(known.kind for known in self._counted))

    @property
    def white(self) -> list[Named]:
        """What each counted white cell is, by all its sightings."""
        return [_together(known.named) for known in self._counted if known.named]

    def see(self, cells: Sequence[Seen], width: int, height: int) -> None:
        """Take the cells that were found in the next picture.

        Args:
            cells: all of them; those at the edge are followed, and count once seen whole.
            width: of the picture in pixels.
            height: of the picture in pixels.
        """
        if not cells:
            return
        size = np.array([width, height], np.float64)
        for number, on in enumerate(self._maps):
            corner = _corner(on, cells, size, current=number == 0)
            if corner is not None:
                del self._maps[number]
                on.speed = corner - on.corner if number == 0 else np.zeros(2)
                on.corner = corner
                break
        else:
            on = _Map()
        self._maps.appendleft(on)
        self._lay(on, cells, size)

    def _lay(self, on: _Map, cells: Sequence[Seen], size: Points) -> None:
        """Put the cells on a map: those known there once more, the others as new ones."""
        on.pictures += 1
        near = on.near(size)
        pairs = _same(cells, near, on.corner, SAME_CELL)
        for number, cell in enumerate(cells):
            place = _centers([cell])[0] + on.corner
            known = near[pairs[number]] if number in pairs else None
            if known is None:
                known = _Known(cell.kind, place, _side(cell))
                on.cells.append(known)
            before = known.whole
            known.seen(cell, place, on.pictures)
            if before < SIGHTINGS <= known.whole:
                self._counted.append(known)
        on.cells = [
            known
            for known in on.cells
            if known.whole >= SIGHTINGS or on.pictures - known.last < FORGOTTEN
        ]


def _corner(on: _Map, cells: Sequence[Seen], size: Points, *, current: bool) -> Points | None:
    """Find where on a map a picture lies; None where it fits nowhere."""
    near = on.near(size)
    seen = [cell for cell in cells if not cell.touches_edge] or list(cells)
    if not near:
        return None
    # Few cells that stay where they are, or go on as they did, are believed too.
    guesses = [(on.corner, 1), (on.corner + on.speed, 1)] if current else []
    if (voted := _vote(seen, near)) is not None:
        guesses.append((voted, LEAST_VOTES))
    fits = [_fitted(seen, near, guess, size, least) for guess, least in guesses]
    agreeing, corner = max((fit for fit in fits if fit), key=itemgetter(0), default=(0, None))
    return corner if agreeing else None


def _fitted(
    seen: Sequence[Seen], near: Sequence[_Known], guess: Points, size: Points, least: int
) -> tuple[int, Points] | None:
    """Move a guess to where its pairs say; give how many agree on that, if they are enough."""
    pairs = _same(seen, near, guess, SAME_CELL)
    if not pairs:
        return None
    known = np.array([near[column].place for column in pairs.values()])
    corner = np.median(known - _centers([seen[row] for row in pairs]), axis=0)
    agreeing = len(_same(seen, near, corner, SAME_WAY))
    enough = agreeing >= least and _agree(agreeing, near, corner, size, len(seen))
    return (agreeing, np.asarray(corner)) if enough else None


def _agree(pairs: int, near: Sequence[_Known], corner: Points, size: Points, seen: int) -> bool:
    """Tell whether so many pairs are enough for a place."""
    margins = np.array([known.side / 2 for known in near])[:, None]
    places = np.array([known.place for known in near]) - corner
    expected = int(((places > margins) & (places < size - margins)).all(axis=1).sum())
    return pairs >= LEAST_OF_KNOWN * min(expected, seen) and pairs >= LEAST_OF_SEEN * seen


def _vote(seen: Sequence[Seen], near: Sequence[_Known]) -> Points | None:
    """Find the corner on which most pairs of one kind agree."""
    ways = np.concatenate(
        [
            (
                np.array([k.place for k in near if k.kind == kind])[:, None]
                - _centers([c for c in seen if c.kind == kind])[None]
            ).reshape(-1, 2)
            for kind in {cell.kind for cell in seen} & {known.kind for known in near}
        ]
        or [np.empty((0, 2))]
    )
    if len(ways) < LEAST_VOTES:
        return None
    within = SAME_WAY * float(np.median([_side(cell) for cell in seen]))
    # Fine bins, summed 3 x 3, so that no border parts ways that agree.
    low = ways.min(axis=0)
    bins = np.floor((ways - low) / (within * 2 / 3)).astype(np.intp)
    table = np.zeros(bins.max(axis=0) + 3)
    for right in range(3):
        for down in range(3):
            np.add.at(table, (bins[:, 0] + right, bins[:, 1] + down), 1)
    best = np.array(np.unravel_index(table.argmax(), table.shape)) - 1
    if table.max() < LEAST_VOTES:
        return None
    agreeing = ways[(np.abs(bins - best) <= 1).all(axis=1)]
    return np.asarray(np.median(agreeing, axis=0))


def _same(
    cells: Sequence[Seen], near: Sequence[_Known], corner: Points, within: float
) -> dict[int, int]:
    """Pair cells with known ones of their kind, the nearest first, each at most once."""
    if not cells or not near:
        return {}
    places = np.array([known.place for known in near]) - corner
    apart = np.linalg.norm(_centers(cells)[:, None] - places[None], axis=2)
    sides = np.array([_side(cell) for cell in cells])[:, None]
    same_kind = np.array([[c.kind == k.kind for k in near] for c in cells])
    rows, columns = np.nonzero(same_kind & (apart <= within * sides))
    order = np.argsort(apart[rows, columns], kind="stable")
    pairs, taken = dict[int, int](), set[int]()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def _centers(cells: Iterable[Seen]) -> Points:
    boxes = np.array([cell.box for cell in cells], np.float64).reshape(-1, 4)
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _side(cell: Seen) -> float:
    x0, y0, x1, y1 = cell.box
    return math.sqrt(max(1.0, x1 - x0) * max(1.0, y1 - y0))


def _together(named: Counter[Named]) -> Named:
    """Take what most sightings say, of those the first; most must find the cell familiar."""
    labels = Counter[str]()
    for each, sightings in named.items():
        if each.status != UNFAMILIAR:
            labels[each.label] += sightings
    if 2 * labels.total() < named.total():
        return Named(next(iter(named)).label, UNFAMILIAR)
    [(label, _)] = labels.most_common(1)
    statuses = (each.status for each in named if each.label == label)
    return Named(label, next(status for status in statuses if status != UNFAMILIAR))
