"""Cells of a moving picture are counted once, however the stage moves."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.tracking import CellTracker, Named

WIDTH, HEIGHT, SIDE, EDGE = 640, 480, 70, 6
MIDDLE = np.array([WIDTH, HEIGHT]) / 2
NEUTROPHIL = Named("neutrophil", "confident")
Place = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    kind: str
    box: tuple[float, float, float, float]
    touches_edge: bool
    classification: Named | None = None


def slide(seed: int, width: int, height: int) -> np.ndarray:
    """Centers of cells on a slide, a loose lattice, so that none lies upon another."""
    rng = np.random.default_rng(seed)
    lattice = np.mgrid[0 : width : SIDE + 20, 0 : height : SIDE + 20].reshape(2, -1).T
    centers = lattice + rng.uniform(-15, 15, lattice.shape) + SIDE / 2
    return np.asarray(rng.permutation(centers)[: 3 * len(centers) // 4])


def view(
    centers: np.ndarray, corner: Place, jitter: np.random.Generator | None = None
) -> list[Cell]:
    """What a detector finds in the picture at a corner, each box a little off."""
    away = centers - corner
    [numbers] = np.nonzero((np.abs(away - MIDDLE) < MIDDLE + SIDE / 2 - EDGE).all(axis=1))
    boxes = np.hstack([away[numbers] - SIDE / 2, away[numbers] + SIDE / 2])
    boxes += jitter.normal(0, 1.5, boxes.shape) if jitter else 0
    inside = np.clip(boxes, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT))
    cut_off = (inside[:, :2] < EDGE).any(axis=1) | (2 * MIDDLE - inside[:, 2:] < EDGE).any(axis=1)
    kinds = [("rbc", "rbc", "rbc", "wbc", "platelet")[number % 5] for number in numbers]
    return [
        Cell(kind, tuple(box), cut, NEUTROPHIL if kind == "wbc" else None)
        for kind, box, cut in zip(kinds, inside.tolist(), cut_off.tolist(), strict=True)
    ]


def whole(centers: np.ndarray, corners: Sequence[Place], slack: float = 0) -> int:
    """How many cells two of the pictures show whole, by so many pixels more than needed."""
    room = MIDDLE - SIDE / 2 - EDGE - slack
    inside = [(np.abs(centers - corner - MIDDLE) < room).all(axis=1) for corner in corners]
    return int((np.sum(inside, axis=0) >= 2).sum())


def walk(seed: int, step: float, count: int, width: int, height: int) -> Iterator[Place]:
    """Corners of pictures as somebody turns the stage, changing the way now and then."""
    rng = np.random.default_rng(seed)
    corner, way = rng.uniform(0, (width - WIDTH, height - HEIGHT)), rng.normal(size=2)
    for _ in range(count):
        yield float(corner[0]), float(corner[1])
        if rng.random() < 0.1:
            way = rng.normal(size=2)
        corner = corner + step * way / np.linalg.norm(way)
        outside = (corner < 0) | (corner > (width - WIDTH, height - HEIGHT))
        way = np.where(outside, -way, way)
        corner = np.clip(corner, 0, (width - WIDTH, height - HEIGHT))


def counted(tracker: CellTracker) -> int:
    return sum(tracker.counts.values())


def test_cells_that_stay_are_counted_once() -> None:
    centers, tracker, rng = slide(1, WIDTH, HEIGHT), CellTracker(), np.random.default_rng(1)
    for _ in range(30):
        tracker.see(view(centers, (0, 0), rng), WIDTH, HEIGHT)
    least, most = (whole(centers, [(0, 0)] * 2, slack) for slack in (5, -5))
    assert least <= counted(tracker) <= most


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.floats(0, 250))
def test_cells_of_a_moving_stage_are_counted_once(seed: int, step: float) -> None:
    centers, tracker = slide(seed, 1200, 900), CellTracker()
    rng = np.random.default_rng(seed)
    corners = list(walk(seed, step, 15, 1200, 900))
    for corner in corners:
        tracker.see(view(centers, corner, rng), WIDTH, HEIGHT)
    assert whole(centers, corners, 5) <= counted(tracker) <= whole(centers, corners, -5)


def test_cells_that_come_back_are_not_counted_again() -> None:
    centers, tracker = slide(3, 2600, HEIGHT), CellTracker()
    there = [(float(x), 0.0) for x in range(0, 1900, 100)]
    for corner in there:
        tracker.see(view(centers, corner), WIDTH, HEIGHT)
    assert counted(tracker) == whole(centers, there) > 50
    for corner in reversed(there):
        tracker.see(view(centers, corner), WIDTH, HEIGHT)
    assert counted(tracker) == whole(centers, there * 2)


def test_each_of_some_fields_counts_and_the_way_back_does_not() -> None:
    tracker = CellTracker()
    fields = [slide(seed, WIDTH, HEIGHT) for seed in range(5)]
    for centers in [*fields, *reversed(fields)]:
        for _ in range(3):
            tracker.see(view(centers, (0, 0)), WIDTH, HEIGHT)
    assert counted(tracker) == sum(whole(centers, [(0, 0)] * 2) for centers in fields)


def test_a_blurred_picture_between_costs_nothing() -> None:
    centers, tracker = slide(5, WIDTH, HEIGHT), CellTracker()
    for seed in (None, None, 77, None, 78, None, None):
        cells = slide(seed, WIDTH, HEIGHT) if seed else centers
        tracker.see(view(cells, (0, 0)), WIDTH, HEIGHT)
        tracker.see([], WIDTH, HEIGHT)
    assert counted(tracker) == whole(centers, [(0, 0)] * 2)


def test_cells_that_are_missed_now_and_then_are_not_counted_twice() -> None:
    centers, tracker = slide(6, 2000, HEIGHT), CellTracker()
    rng = np.random.default_rng(6)
    corners = [(float(x), 0.0) for x in range(0, 1300, 40)]
    for corner in corners:
        found = [cell for cell in view(centers, corner, rng) if rng.random() > 0.2]
        tracker.see(found, WIDTH, HEIGHT)
    assert counted(tracker) == pytest.approx(whole(centers, corners), rel=0.05)


@pytest.mark.parametrize("step", [0, 10, 60])
def test_a_single_cell_is_followed(step: int) -> None:
    tracker = CellTracker()
    for number in range(8):
        x = 40.0 + step * min(number, 1) * 0.4 + step * max(number - 1, 0)
        tracker.see([Cell("wbc", (x, 100, x + 70, 170), False)], WIDTH, HEIGHT)
    # Once it went on as it had begun, it is known again, however fast.
    assert tracker.counts == {"wbc": 1}


def test_what_is_found_once_does_not_count() -> None:
    tracker = CellTracker()
    tracker.see(view(slide(7, WIDTH, HEIGHT), (0, 0)), WIDTH, HEIGHT)
    assert tracker.counts == {}


def test_what_is_only_cut_off_does_not_count() -> None:
    tracker = CellTracker()
    for _ in range(5):
        tracker.see([Cell("wbc", (0, 100, 40, 170), True)], WIDTH, HEIGHT)
    assert tracker.counts == {}


def test_what_flickers_for_long_is_neither_counted_nor_kept() -> None:
    tracker, rng = CellTracker(), np.random.default_rng(8)
    steady = [Cell("wbc", (300, 200, 370, 270), False, NEUTROPHIL)]
    for _ in range(300):
        x, y = rng.uniform(0, (WIDTH - 20, HEIGHT - 20)).tolist()
        tracker.see([*steady, Cell("platelet", (x, y, x + 20, y + 20), False)], WIDTH, HEIGHT)
    assert tracker.counts["wbc"] == 1
    assert tracker.counts.get("platelet", 0) < 15  # that came twice to one place by chance
    assert len(tracker._maps[0].cells) < 80
    assert len(pickle.dumps(tracker)) < 50_000


@pytest.mark.parametrize(
    ("sightings", "expected"),
    [
        ("nnl", Named("neutrophil", "confident")),
        ("lnn", Named("neutrophil", "confident")),
        ("?nn", Named("neutrophil", "confident")),
        ("??n", Named("neutrophil", "unfamiliar")),
        ("nl", Named("neutrophil", "confident")),
    ],
)
def test_a_cell_is_what_most_of_its_sightings_say(sightings: str, expected: Named) -> None:
    says = {
        "n": Named("neutrophil", "confident"),
        "l": Named("lymphocyte", "confident"),
        "?": Named("neutrophil", "unfamiliar"),
    }
    tracker = CellTracker()
    for sighting in sightings:
        tracker.see([Cell("wbc", (100, 100, 170, 170), False, says[sighting])], WIDTH, HEIGHT)
    assert tracker.white == [expected]
