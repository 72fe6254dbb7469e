import numpy as np
import onnx
import pytest

from export.cross_validation import adapt_head, beside, folds
from export.head import read_head
from tests.export.tiny_site import HOME_COLORS, SITE_COLORS, cells
from tests.tiny_bundle import CLASSES, tiny_network


def test_folds_hold_every_cell_once_whole_groups_and_each_class() -> None:
    labels = np.repeat([0, 1], [40, 10])
    groups = [str(i // 2) for i in range(50)]
    parts = folds(labels, groups, 5, 0)
    assert sorted(np.concatenate(parts).tolist()) == list(range(50))
    assert sum(len({groups[i] for i in part}) for part in parts) == len(set(groups))
    assert all(set(labels[part]) == {0, 1} for part in parts)


def test_two_heads_are_compared_cell_by_cell() -> None:
    labels = np.array([0, 0, 0, 1])
    before, after = np.eye(2)[[0, 1, 1, 1]], np.eye(2)[[0, 0, 0, 0]]
    found = beside(labels, before, after)
    assert (found.before, found.after) == (0.5, 0.75)
    assert found.balanced_before == pytest.approx((1 / 3 + 1) / 2)
    assert found.balanced_after == pytest.approx(0.5)
    assert found.gain[0] < found.sure_gain < 0.25 < found.gain[1]


def test_cells_of_one_group_cannot_be_dealt() -> None:
    with pytest.raises(ValueError, match="6 cells of 1 groups"):
        folds(np.repeat([0, 1], 3), ["slide"] * 6, 5, 0)


def test_heads_are_judged_though_a_site_has_three_groups_alone() -> None:
    shipped = read_head(onnx.load_from_string(tiny_network()))
    site, home = cells(SITE_COLORS, 8, 0), cells(HOME_COLORS, 20, 1)
    groups = [f"slide {i % 3}" for i in range(24)]
    found = adapt_head(shipped, site, groups, home, cells(HOME_COLORS, 20, 2), 0)
    assert found.faults == []
    assert found.site.after > 0.9 > found.site.before


def test_a_head_that_cannot_get_better_without_losing_home_stays_as_it_is() -> None:
    shipped = read_head(onnx.load_from_string(tiny_network()))
    swapped = dict(zip(CLASSES, [HOME_COLORS[c] for c in CLASSES[::-1]], strict=True))
    site, home = cells(swapped, 8, 0), cells(HOME_COLORS, 20, 1)
    judged = cells(HOME_COLORS, 20, 2)
    found = adapt_head(shipped, site, [str(i) for i in range(24)], home, judged, 0)
    assert found.hold is None
    assert found.head is shipped
    assert found.home.after == found.home.before
    assert found.faults == [
        "no head that was fitted to these cells and keeps home beats the shipped one"
    ]
