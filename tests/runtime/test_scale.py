import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.detection import Found, Kind
from runtime.scale import (
    FEWEST_CELLS,
    RED_CELL_UM,
    WHITE_CELL_UM,
    diameter_um,
    from_outlines,
    from_red_cells,
    of_slide,
    touches_edge,
)
from runtime.scale import given as given_scale
from runtime.smear import draw_smear

WIDTH, HEIGHT = 640, 480


def red_cell(x: float, y: float, wide: float, high: float | None = None) -> Found:
    return Found("rbc", (x, y, x + wide, y + (high or wide)), 0.9)


def row(sizes: list[float], y: float = 100) -> list[Found]:
    return [red_cell(10 + 60 * i, y, size) for i, size in enumerate(sizes)]


def um_per_px(cells: list[Found]) -> float:
    scale = from_red_cells(cells, WIDTH, HEIGHT)
    assert scale is not None
    assert scale.source == "red_cells"
    assert scale.interval[0] < scale.um_per_px < scale.interval[1]
    return scale.um_per_px


@given(st.floats(5, 50), st.integers(FEWEST_CELLS, 10))
def test_red_cells_of_one_size_are_the_ruler(size: float, count: int) -> None:
    assert um_per_px(row([size] * count)) == pytest.approx(RED_CELL_UM / size)


def test_fewer_than_three_whole_red_cells_tell_nothing() -> None:
    cut_off = red_cell(0, 200, 40)
    assert from_red_cells([*row([40, 40]), cut_off], WIDTH, HEIGHT) is None
    assert from_red_cells([], WIDTH, HEIGHT) is None


def test_other_kinds_of_cells_are_no_ruler() -> None:
    kinds: list[Kind] = ["wbc", "platelet"]
    others = [Found(kind, (300.0, 300.0, 400.0, 400.0), 1.0) for kind in kinds]
    assert um_per_px(row([40, 40, 40]) + others) == pytest.approx(RED_CELL_UM / 40)


def test_long_boxes_outliers_and_cut_off_cells_do_not_count() -> None:
    odd = [
        red_cell(300, 300, 80, 40),  # two that touch
        red_cell(400, 300, 20),  # a fragment
        red_cell(500, 300, 70),  # a clump
        red_cell(0, 300, 30),
        red_cell(300, 449, 30),
    ]
    assert um_per_px(row([38, 40, 42, 39, 41]) + odd) == pytest.approx(RED_CELL_UM / 40)


def test_long_ones_count_where_there_are_no_others() -> None:
    assert um_per_px([red_cell(100 * i, 50, 32, 50) for i in (1, 2, 3)]) == pytest.approx(
        RED_CELL_UM / 40
    )


def test_more_cells_make_it_surer_but_not_beyond_what_smears_differ() -> None:
    few, many = (from_red_cells(row([40] * n), WIDTH, HEIGHT) for n in (3, 10))
    assert few is not None
    assert many is not None
    widths = [math.log(s.interval[1] / s.interval[0]) for s in (few, many)]
    assert widths[0] > widths[1] > 2 * 1.96 * 0.05


def test_the_cells_may_come_in_any_order() -> None:
    cells = row([30, 38, 40, 45, 52, 41])
    assert um_per_px(cells) == pytest.approx(um_per_px(cells[::-1]))


@given(st.lists(st.tuples(*[st.floats(0, 300)] * 4), max_size=8))
def test_any_boxes_give_a_scale_or_none(corners: list[tuple[float, float, float, float]]) -> None:
    cells = [Found("rbc", (x, y, x + w + 0.1, y + h + 0.1), 0.5) for x, y, w, h in corners]
    scale = from_red_cells(cells, WIDTH, HEIGHT)
    assert scale is None or 0 < scale.interval[0] < scale.um_per_px < scale.interval[1] < math.inf


def test_a_slide_has_the_scale_of_its_median_field() -> None:
    scales = [from_red_cells(row([size] * 3), WIDTH, HEIGHT) for size in (50, 40, 20)]
    carried = of_slide([s for s in scales if s])
    assert carried is not None
    assert carried.source == "slide"
    assert carried.um_per_px == pytest.approx(RED_CELL_UM / 40)
    assert of_slide([]) is None


def test_a_persons_word_is_taken_as_it_is() -> None:
    assert (given_scale(0.1).um_per_px, given_scale(0.1).interval) == (0.1, (0.1, 0.1))


def test_white_cells_of_known_class_are_a_worse_ruler() -> None:
    size = WHITE_CELL_UM["neutrophil"] / 0.1
    box = (100.0, 100.0, 100 + size, 100 + size)
    scale = from_outlines([("neutrophil", box), ("platelet", (1, 1, 9, 9))], WIDTH, HEIGHT)
    assert scale is not None
    assert scale.source == "outline"
    assert scale.um_per_px == pytest.approx(0.1)
    assert scale.interval[0] < 0.08
    assert from_outlines([("neutrophil", (0, 0, size, size))], WIDTH, HEIGHT) is None
    assert from_outlines([("ig", box)], WIDTH, HEIGHT) is None


def test_the_edge_cuts_cells_off() -> None:
    assert touches_edge((0, 50, 40, 90), WIDTH, HEIGHT)
    assert touches_edge((600, 50, 640, 90), WIDTH, HEIGHT)
    assert touches_edge((50, 441, 90, 479), WIDTH, HEIGHT)
    assert not touches_edge((2, 2, 638, 478), WIDTH, HEIGHT)
    half = given_scale(0.5)
    assert diameter_um((0, 50, 20, 90), WIDTH, HEIGHT, half) == 20
    assert diameter_um((50, 50, 90, 60), WIDTH, HEIGHT, half) == 10
    assert diameter_um((50, 50, 90, 60), WIDTH, HEIGHT, None) is None


@pytest.mark.parametrize("um", [0.08, 0.12])
def test_a_drawn_smear_is_measured_within_3_percent(um: float) -> None:
    smear = draw_smear(7, 480, 360, um)
    found = [Found(c.kind, (*map(float, c.box),), 1.0) for c in smear.cells]
    scale = from_red_cells(found, 480, 360)
    assert scale is not None
    assert scale.um_per_px == pytest.approx(um, rel=0.03)


@pytest.mark.data
def test_fields_of_a_known_scale_read_it(datasets: Path) -> None:
    """CellaVision DM96 of Barcelona, 0.100 um/px: medians, and fields within 10 %."""
    folder = datasets / "txl_pbc"
    with (folder / "sources.csv").open(newline="") as file:
        known = {r["file"]: r["split"] for r in csv.DictReader(file) if r["source"] == "pbc"}
    cells = defaultdict[str, list[Found]](list)
    size: dict[str, tuple[int, int]] = {}
    with (folder / "boxes.csv").open(newline="") as file:
        for r in csv.DictReader(file):
            if r["kind"] == "rbc" and r["file"] in known:
                box = (float(r["x0"]), float(r["y0"]), float(r["x1"]), float(r["y1"]))
                cells[r["file"]].append(Found("rbc", box, 1.0))
                size[r["file"]] = int(r["width"]), int(r["height"])
    read = {"train": list[float](), "val": list[float](), "test": list[float]()}
    for name, found in cells.items():
        if scale := from_red_cells(found, *size[name]):
            read[known[name]].append(scale.um_per_px)
    assert np.median(read["train"]) == pytest.approx(0.1, rel=0.005)
    others = np.array(read["val"] + read["test"])
    assert len(others) > 190
    assert np.median(others) == pytest.approx(0.1, rel=0.02)
    assert np.mean(np.abs(others / 0.1 - 1) <= 0.1) >= 0.88
