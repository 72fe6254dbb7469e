"""What each place should say of cells that can be reckoned by hand: 8 x 8 places of 4 pixels."""

import math

import numpy as np
import pytest

from export.detector.parts import STRIDE
from export.detector.targets import targets
from export.detector.views import View
from runtime.detection import KINDS, Box

SIDE_PX = 8 * STRIDE
WHOLE = (0.0, 0.0, float(SIDE_PX), float(SIDE_PX))
WHITE, RED = KINDS.index("wbc"), KINDS.index("rbc")
# A cell of 16 pixels reaches 0.54 of its half side, 1.08 places: its sigma is a sixth of 3.16.
BESIDE = math.exp(-1 / (2 * (3.16 / 6) ** 2))


def view(*cells: tuple[int, Box], unwanted: tuple[Box, ...] = (), border: Box = WHOLE) -> View:
    """A view of cells by kind and box, and of red cells that need not be found."""
    boxes = [box for _, box in cells] + list(unwanted)
    return View(
        pixels=np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        kinds=np.array([kind for kind, _ in cells] + [RED] * len(unwanted), np.int64),
        wanted=np.array([True] * len(cells) + [False] * len(unwanted), bool),
        border=border,
    )


def test_a_cell_is_one_at_its_center_and_falls_around_it() -> None:
    heat, boxes = targets(view((WHITE, (8, 8, 24, 24))))
    assert heat.shape == (8, 8, 2 * len(KINDS))
    white = heat[..., WHITE]
    assert white[4, 4] == 1
    for place in ((3, 4), (5, 4), (4, 3), (4, 5)):
        assert white[place] == pytest.approx(BESIDE, rel=1e-5)
    assert white[3, 3] == pytest.approx(BESIDE**2, rel=1e-5)
    assert np.count_nonzero(white) == 9
    assert not heat[..., RED].any()
    assert (heat[..., len(KINDS) :] == 1).all()
    assert boxes[4, 4, 4] == pytest.approx(1 / (1 + 4 * BESIDE), rel=1e-5)
    assert boxes[..., 4].sum() == pytest.approx(1)
    told = boxes[boxes[..., 4] > 0]
    assert len(told) == 5  # the corners of the bump are too faint
    assert (told[:, :4] == (8, 8, 24, 24)).all()


def test_a_long_cell_has_a_long_bump() -> None:
    heat, _ = targets(view((RED, (0, 12, 32, 20))))
    rows, columns = np.nonzero(heat[..., RED])
    assert (rows.min(), rows.max()) == (3, 5)
    assert (columns.min(), columns.max()) == (2, 6)


def test_what_need_not_be_found_is_neither_right_nor_wrong() -> None:
    heat, boxes = targets(view(unwanted=((0, 0, 8, 6),)))
    counts = heat[..., len(KINDS) :]
    assert not counts[:2, :2].any()
    assert counts.sum() == (64 - 4) * len(KINDS)
    assert not heat[..., : len(KINDS)].any()
    assert not boxes.any()


def test_beyond_the_border_nothing_counts_but_a_cell_that_must_be_found() -> None:
    heat, _ = targets(view((WHITE, (0, 8, 16, 24)), border=(8, 8, 24, 24)))
    counts = heat[..., len(KINDS) :]
    assert (counts[2:6, 2:6] == 1).all()
    assert counts[4, 1, WHITE] == 1
    assert counts[..., RED].sum() == 16
    assert counts[..., WHITE].sum() == 17


def test_a_smaller_cell_keeps_its_places_whichever_comes_first() -> None:
    large, small = (0.0, 0.0, 32.0, 32.0), (12.0, 12.0, 20.0, 20.0)
    for cells in ([(WHITE, large), (RED, small)], [(RED, small), (WHITE, large)]):
        heat, boxes = targets(view(*cells))
        assert (heat[4, 4, WHITE], heat[4, 4, RED]) == (1, 1)
        assert tuple(boxes[4, 4, :4]) == small
        assert tuple(boxes[4, 6, :4]) == large


def test_of_two_cells_of_a_kind_the_nearer_is_told() -> None:
    heat, _ = targets(view((RED, (4, 8, 20, 24)), (RED, (8, 8, 24, 24))))
    assert (heat[4, 3, RED], heat[4, 4, RED]) == (1, 1)
