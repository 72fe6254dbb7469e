"""Boxes overlap as rectangles do, and a cell that is boxed twice is told once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.detection import KINDS, Boxes, Picking, distinct, found_of, overlaps

Corner = tuple[int, int, int, int]
BOXES = st.lists(
    st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 20)] * 2), min_size=1, max_size=12
)


def boxes_of(sides: list[Corner]) -> Boxes:
    return np.array([(x, y, x + w, y + h) for x, y, w, h in sides], np.float32)


@given(BOXES)
def test_overlap_is_the_share_of_pixels_in_both(sides: list[Corner]) -> None:
    boxes = boxes_of(sides)
    masks = np.zeros((len(boxes), 60, 60), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes.astype(int).tolist(), strict=True):
        mask[y0:y1, x0:x1] = True
    both = (masks[:, None] & masks[None]).sum(axis=(2, 3))
    either = (masks[:, None] | masks[None]).sum(axis=(2, 3))
    assert np.allclose(overlaps(boxes, boxes), both / either, atol=1e-5)


@settings(max_examples=50)
@given(BOXES, st.floats(0.1, 0.9))
def test_what_is_kept_is_distinct_and_what_is_not_is_near_a_better_one(
    sides: list[Corner], most: float
) -> None:
    boxes = boxes_of(sides)
    scores = np.linspace(1, 0.1, len(boxes), dtype=np.float32)[::-1].copy()
    kept = distinct(boxes, scores, most).tolist()
    over = overlaps(boxes, boxes)
    assert [scores[i] for i in kept] == sorted((scores[i] for i in kept), reverse=True)
    for place in range(len(boxes)):
        better = [i for i in kept if scores[i] > scores[place]]
        assert (place in kept) == (not any(over[i, place] > most for i in better))


def test_nothing_is_distinct_of_nothing() -> None:
    assert len(distinct(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.5)) == 0


@pytest.mark.parametrize(
    "told",
    [
        {"thresholds": dict.fromkeys(KINDS, 1.5), "overlap": 0.5},
        {"thresholds": dict.fromkeys(KINDS, 0.5), "overlap": float("nan")},
        {"thresholds": {"wbc": 0.5}, "overlap": 0.5},
    ],
)
def test_impossible_picking_is_refused(told: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Picking.of(told)


def test_a_cell_of_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'yeast' is not wbc, rbc, platelet"):
        found_of({"kind": "yeast", "box": [0, 0, 1, 1], "score": 0.5})
