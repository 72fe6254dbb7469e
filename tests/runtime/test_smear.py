"""Drawn fields: repeatable, whole, and true about every cell in them."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.optics import Optics
from runtime.scale import RED_CELL_UM
from runtime.smear import WHITE, Smear, SmearCell, draw_blank, draw_smear
from runtime.synthetic import CLASSES, GLASS

CLEAR = Optics(noise=0.0)  # what is on the glass, and nothing in between


def cells(smear: Smear, kind: str) -> list[SmearCell]:
    return [cell for cell in smear.cells if cell.kind == kind]


@pytest.fixture(scope="module")
def fields() -> list[Smear]:
    return [draw_smear(seed) for seed in range(8)]


def test_a_field_is_an_rgb_picture_of_the_size_asked_for(fields: list[Smear]) -> None:
    assert fields[0].picture.shape == (480, 640, 3)
    assert fields[0].picture.dtype == np.uint8
    assert draw_smear(0, 97, 61, 0.2).picture.shape == (61, 97, 3)


def test_a_seed_always_gives_the_same_field_and_another_seed_another(fields: list[Smear]) -> None:
    again = draw_smear(3)
    assert np.array_equal(again.picture, fields[3].picture)
    assert again.cells == fields[3].cells
    assert not np.array_equal(again.picture, fields[4].picture)
    assert len({field.optics for field in fields}) == len(fields)


def test_fields_hold_all_kinds_of_cells_and_some_are_cut_off(fields: list[Smear]) -> None:
    for kind in ("wbc", "rbc", "platelet"):
        assert sum(len(cells(field, kind)) for field in fields) > 3
    assert any(c.touches_edge for field in fields for c in field.cells)
    assert not all(c.touches_edge for field in fields for c in field.cells)


def test_labels_are_those_of_the_classes(fields: list[Smear]) -> None:
    for field in fields:
        assert all(cell.label is None for cell in cells(field, "rbc"))
        assert {cell.label for cell in cells(field, "platelet")} <= {"platelet"}
        assert {cell.label for cell in cells(field, "wbc")} <= set(WHITE)
    assert set(WHITE) | {"platelet"} == set(CLASSES)


@given(
    seed=st.integers(0, 10_000),
    width=st.integers(32, 200),
    height=st.integers(32, 200),
    um_per_px=st.floats(0.06, 0.6),
)
@settings(max_examples=20)
def test_boxes_lie_in_the_picture_and_touch_its_edge_where_they_say(
    seed: int, width: int, height: int, um_per_px: float
) -> None:
    for cell in draw_smear(seed, width, height, um_per_px).cells:
        x0, y0, x1, y1 = cell.box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        assert cell.touches_edge == (min(x0, y0, width - x1, height - y1) == 0)


@pytest.mark.parametrize("um_per_px", [0.06, 0.1, 0.2])
def test_a_box_holds_its_cell_and_nothing_lies_around_it(um_per_px: float) -> None:
    margin = round(0.5 / um_per_px)
    for seed in range(6):
        smear = draw_smear(
            seed, 240, 240, um_per_px, white=["lymphocyte"], coverage=0, platelets=0, optics=CLEAR
        )
        stained = np.abs(smear.picture.astype(int) - GLASS).sum(axis=2) > 120
        whole = [cell for cell in smear.cells if not cell.touches_edge]
        for cell in whole:
            x0, y0, x1, y1 = cell.box
            inside = stained[y0:y1, x0:x1]
            # A cell is as wide and as high as its box, but for the blur of its rim.
            for axis in (0, 1):
                seen = np.flatnonzero(inside.any(axis=axis))
                assert seen[0] <= margin
                assert seen[-1] >= inside.shape[1 - axis] - 1 - margin


def test_told_cells_are_the_only_ones() -> None:
    told = ["neutrophil", "monocyte"]
    smear = draw_smear(2, 900, 700, white=told, coverage=0.0, platelets=7)
    assert [cell.label for cell in cells(smear, "wbc")] == told
    assert cells(smear, "rbc") == []
    assert 5 <= len(cells(smear, "platelet")) <= 7


def test_a_white_cell_without_room_is_left_out_and_the_others_keep_their_labels() -> None:
    told = ["monocyte", "lymphocyte", "erythroblast"] * 4
    smear = draw_smear(0, 160, 160, 0.1, white=told, coverage=0, platelets=0)
    found = [(cell.label, cell.box) for cell in smear.cells if not cell.touches_edge]
    assert 0 < len(smear.cells) < len(told)
    for label, (x0, y0, x1, y1) in found:
        assert (label == "monocyte") == (0.1 * ((x1 - x0) * (y1 - y0)) ** 0.5 > 13.5)


def test_more_coverage_means_more_red_cells() -> None:
    counts = [len(cells(draw_smear(1, coverage=c), "rbc")) for c in (0.05, 0.3, 0.6, 1.2)]
    assert counts == sorted(set(counts))


def test_red_cells_overlap_in_dense_fields_yet_stay_apart_enough_to_be_counted() -> None:
    smear = draw_smear(5, coverage=1.0, white=[])
    boxes = np.array([c.box for c in cells(smear, "rbc") if not c.touches_edge], float)
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    away_um = 0.1 * np.linalg.norm(center[:, None] - center[None], axis=2)
    np.fill_diagonal(away_um, np.inf)
    assert away_um.min() > 0.35 * RED_CELL_UM
    assert (away_um.min(axis=1) < 0.8 * RED_CELL_UM).mean() > 0.5


@pytest.mark.parametrize("um_per_px", [0.07, 0.1, 0.16])
def test_red_cells_measure_what_the_ruler_expects(um_per_px: float) -> None:
    sides = []
    for seed in range(6):
        smear = draw_smear(seed, 640, 480, um_per_px, white=[], coverage=0.5)
        whole = np.array([c.box for c in cells(smear, "rbc") if not c.touches_edge], float)
        sides.append(np.median(np.sqrt(np.prod(whole[:, 2:] - whole[:, :2], axis=1))))
    assert np.mean(sides) * um_per_px == pytest.approx(RED_CELL_UM, rel=0.015)


@pytest.mark.parametrize("label", WHITE)
def test_white_cells_are_larger_than_red_ones_by_what_their_class_is(label: str) -> None:
    smear = draw_smear(1, 400, 400, white=[label], coverage=0.1)
    for cell in cells(smear, "wbc"):
        x0, y0, x1, y1 = cell.box
        assert cell.touches_edge or 8 < 0.1 * ((x1 - x0) * (y1 - y0)) ** 0.5 < 21


def test_stain_lamp_and_camera_leave_the_cells_where_they_are() -> None:
    plain = draw_smear(4, optics=CLEAR)
    other = draw_smear(4, optics=dataclasses.replace(CLEAR, defocus_um=0.5, glass=(120, 200, 230)))
    assert plain.cells == other.cells
    assert not np.array_equal(plain.picture, other.picture)


def test_glass_has_the_color_of_the_lamp() -> None:
    glass = (180.0, 220.0, 195.0)
    smear = draw_blank(0, optics=Optics(glass=glass, noise=1.0))
    assert np.abs(np.median(smear.picture, axis=(0, 1)) - glass).max() < 6


def test_shading_darkens_the_corners_and_blur_takes_the_edges() -> None:
    def taken(**changes: Any) -> np.ndarray:
        optics = dataclasses.replace(CLEAR, **changes)
        return draw_smear(6, white=[], optics=optics).picture.astype(float)

    plain, shaded, blurred = taken(), taken(shading=0.4), taken(defocus_um=1.0)
    assert shaded[:20, :20].mean() < 0.75 * plain[:20, :20].mean()
    assert np.abs(np.diff(blurred, axis=1)).max() < 0.5 * np.abs(np.diff(plain, axis=1)).max()


def test_jpeg_and_noise_of_the_camera_change_little() -> None:
    plain = draw_smear(7, optics=CLEAR).picture.astype(float)
    noisy = draw_smear(7, optics=Optics(noise=3.0, jpeg=70)).picture.astype(float)
    assert 0.5 < np.abs(plain - noisy).mean() < 6


def test_blank_glass_has_no_cells_and_often_dirt() -> None:
    blanks = [draw_blank(seed) for seed in range(12)]
    assert all(blank.cells == () for blank in blanks)
    spread = [float(np.std(blank.picture.astype(float).mean(axis=2))) for blank in blanks]
    assert max(spread) > 15 > min(spread)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"seed": -1}, "seed"),
        ({"width": 31}, "size"),
        ({"height": 4097}, "size"),
        ({"um_per_px": 0.0}, "um_per_px"),
        ({"um_per_px": 0.7}, "um_per_px"),
        ({"um_per_px": float("nan")}, "um_per_px"),
        ({"white": ["platelet"]}, "neutrophil"),
        ({"coverage": -0.1}, "coverage"),
        ({"platelets": -1}, "platelets"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        draw_smear(**{"seed": 0, **arguments})
