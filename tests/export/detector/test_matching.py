"""Hits and misses are counted as by hand, and by a plain loop over thresholds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.detector.matching import (
    Matches,
    at_edge,
    best_threshold,
    f1_curve,
    match,
    precision_recall,
    rates,
)
from runtime.detection import overlaps

SIZE = (100, 80)
BOX = st.tuples(st.integers(0, 80), st.integers(0, 60), st.integers(8, 20), st.integers(8, 20))
CELLS = st.lists(st.tuples(BOX, st.integers(1, 99)), max_size=8)
LABELS = st.lists(BOX, max_size=8)


def boxes_of(sides: list[tuple[int, int, int, int]]) -> np.ndarray:
    return np.array([(x, y, x + w, y + h) for x, y, w, h in sides], np.float32).reshape(-1, 4)


def plainly(
    found: np.ndarray, scores: np.ndarray, truth: np.ndarray, threshold: float
) -> tuple[int, int, int]:
    """Count hits, false cells and labelled cells of one field, one cell after another."""
    told = [i for i in np.argsort(-scores, kind="stable") if scores[i] >= threshold]
    used: set[int] = set()
    hits = false = total = 0
    for i in told:
        free = [j for j in range(len(truth)) if j not in used]
        over = overlaps(found[i : i + 1], truth)[0]
        best = max(free, key=lambda j: over[j], default=None)
        edge = at_edge(found[i : i + 1], SIZE)[0]
        if best is not None and over[best] >= 0.5:
            used.add(best)
            counts = not (edge or at_edge(truth[best : best + 1], SIZE)[0])
            hits, total = hits + counts, total + counts
        else:
            false += not edge
    total += sum(1 for j in range(len(truth)) if j not in used and not at_edge(truth, SIZE)[j])
    return hits, false, total


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, LABELS), min_size=1, max_size=4), st.integers(0, 100))
def test_figures_are_those_of_a_plain_loop(
    fields: list[
        tuple[list[tuple[tuple[int, int, int, int], int]], list[tuple[int, int, int, int]]]
    ],
    percent: int,
) -> None:
    found = [
        (boxes_of([box for box, _ in cells]), np.array([s / 100 for _, s in cells]))
        for cells, _ in fields
    ]
    labelled = [boxes_of(truth) for _, truth in fields]
    matches = match(found, labelled, [SIZE] * len(fields))
    counts = [
        plainly(boxes, scores, truth, percent / 100)
        for (boxes, scores), truth in zip(found, labelled, strict=True)
    ]
    hits, false, total = (sum(column) for column in zip(*counts, strict=True))
    measured = rates(matches, percent / 100)
    assert measured.precision[0] == pytest.approx(hits / max(hits + false, 1))
    assert measured.recall[0] == pytest.approx(hits / max(total, 1))
    if hits:
        assert measured.f1[0] == pytest.approx(2 * hits / (hits + false + total))


def one_field(found: list[tuple[float, float, float, float]], scores: list[float]) -> Matches:
    truth = np.array([(10, 10, 30, 30), (50, 10, 70, 30), (0, 50, 20, 70)], np.float32)
    boxes = np.array(found, np.float32).reshape(-1, 4)
    return match([(boxes, np.array(scores))], [truth], [SIZE])


def test_a_cell_at_the_edge_is_neither_hit_nor_miss() -> None:
    found = rates(one_field([(0, 50, 20, 70)], [0.9]), 0.5)
    assert (found.precision[0], found.recall[0]) == (0, 0)
    both = rates(one_field([(0, 50, 20, 70), (10, 10, 30, 30)], [0.9, 0.8]), 0.5)
    assert (both.precision[0], both.recall[0]) == (1, 0.5)


def test_average_precision_is_the_area_below_the_highest_precision() -> None:
    found = one_field([(10, 10, 30, 30), (30, 40, 50, 60), (50, 10, 70, 30)], [0.9, 0.8, 0.7])
    recall, precision = precision_recall(found)
    assert recall.tolist() == [0.5, 0.5, 1]
    assert precision.tolist() == pytest.approx([1, 2 / 3, 2 / 3])
    assert rates(found, 0).ap50[0] == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_the_best_threshold_has_the_best_f1() -> None:
    found = one_field([(10, 10, 30, 30), (50, 10, 70, 30), (30, 40, 50, 60)], [0.9, 0.6, 0.4])
    assert best_threshold(found) == pytest.approx(0.5)
    assert f1_curve(found).max() == 1
    assert rates(found, best_threshold(found)).f1[0] == 1


def test_without_any_hit_the_threshold_is_a_half() -> None:
    assert best_threshold(one_field([], [])) == 0.5


def test_the_count_error_is_a_median_over_fields() -> None:
    truth = [boxes_of([(20 * i + 8, 20, 10, 10) for i in range(4)])] * 3
    found = [(truth[0][:n], np.full(n, 0.9)) for n in (4, 3, 1)]
    measured = match(found, truth, [SIZE] * 3)
    assert rates(measured, 0.5).count_error[0] == pytest.approx(0.25)
    only_last = np.array([[0.0, 0.0, 1.0]])
    assert rates(measured, 0.5, only_last).count_error[0] == pytest.approx(0.75)
