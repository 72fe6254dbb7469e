"""Fields judged: what is wrong with them is told, and nothing else."""

import csv
import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import decode
from runtime.detection import KINDS, Found
from runtime.images import Picture
from runtime.optics import Optics, blurred
from runtime.quality import focus, judge_field
from runtime.scale import from_red_cells
from runtime.smear import Smear, draw_blank, draw_smear

PLAIN = Optics(defocus_um=0.1, noise=2.0)


def cells(smear: Smear) -> list[Found]:
    return [Found(cell.kind, cell.box, 1.0) for cell in smear.cells]


def codes(
    picture: Picture, found: Sequence[Found], um_per_px: float | None = None
) -> tuple[str, ...]:
    quality = judge_field(picture, found, um_per_px)
    assert quality.usable == (not quality.reasons)
    assert all(": " in r.message and "\n" not in r.message for r in quality.reasons)
    return tuple(reason.code for reason in quality.reasons)


def judged(smear: Smear) -> tuple[str, ...]:
    return codes(smear.picture, cells(smear), smear.um_per_px)


def exposed(picture: Picture, gain: float | np.ndarray) -> Picture:
    return np.clip(picture * np.asarray(gain), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("um_per_px", [0.05, 0.07, 0.1, 0.15, 0.25])
def test_a_good_field_is_usable_at_any_scale(um_per_px: float) -> None:
    for seed in range(3):
        smear = draw_smear(seed, 480, 360, um_per_px, coverage=0.45, optics=PLAIN)
        assert judged(smear) == ()


def test_a_field_is_judged_alike_without_a_scale() -> None:
    smear = draw_smear(1, coverage=0.45, optics=PLAIN)
    assert codes(smear.picture, cells(smear)) == ()


@pytest.mark.parametrize("um_per_px", [0.06, 0.1, 0.2])
@pytest.mark.parametrize("defocus_um", [1.0, 2.0])
def test_a_field_out_of_focus_is_told(um_per_px: float, defocus_um: float) -> None:
    optics = dataclasses.replace(PLAIN, defocus_um=defocus_um)
    assert judged(draw_smear(2, 480, 360, um_per_px, coverage=0.45, optics=optics)) == (
        "out_of_focus",
    )


def test_a_large_picture_in_focus_is_not_called_blurred() -> None:
    small = draw_smear(5, 320, 240, 0.2, coverage=0.45, optics=PLAIN)
    large = small.picture.repeat(6, axis=0).repeat(6, axis=1).astype(np.float32)
    picture = np.rint(blurred(large, 3.0)).astype(np.uint8)  # an edge is many pixels wide
    found = [
        Found(c.kind, (6 * c.box[0], 6 * c.box[1], 6 * c.box[2], 6 * c.box[3]), 1.0)
        for c in small.cells
    ]
    assert codes(picture, found, 0.2 / 6) == ()
    assert codes(picture, found) == ()


@pytest.mark.parametrize(
    ("gain", "code"), [(0.2, "too_dark"), (0.35, "too_dark"), (3.0, "too_bright")]
)
def test_exposure_is_told(gain: float, code: str) -> None:
    smear = draw_smear(3, coverage=0.45, optics=PLAIN)
    assert code in codes(exposed(smear.picture, gain), cells(smear), 0.1)


def test_white_glass_is_not_too_bright_as_long_as_cells_are_seen() -> None:
    smear = draw_smear(
        3, coverage=0.3, optics=dataclasses.replace(PLAIN, glass=(275.0, 270.0, 268.0))
    )
    assert (smear.picture == 255).all(axis=2).mean() > 0.3
    assert judged(smear) == ()


@pytest.mark.parametrize("gains", [(1, 0.2, 1), (0.15, 1, 1), (0.2, 0.9, 0.2)])
def test_a_cast_beyond_repair_is_told(gains: tuple[float, float, float]) -> None:
    smear = draw_smear(4, coverage=0.45, optics=PLAIN)
    assert "color_cast" in codes(exposed(smear.picture, np.array(gains)), cells(smear), 0.1)


@pytest.mark.parametrize("glass", [(160.0, 200.0, 225.0), (165.0, 185.0, 133.0), (250, 225, 170)])
def test_a_cast_that_can_be_balanced_is_no_fault(glass: tuple[float, float, float]) -> None:
    smear = draw_smear(4, coverage=0.45, optics=dataclasses.replace(PLAIN, glass=glass))
    assert judged(smear) == ()


def test_thick_and_thin_fields_are_told() -> None:
    thick = draw_smear(6, coverage=2.0, white=[], optics=PLAIN)
    assert "too_thick" in judged(thick)
    assert judged(draw_smear(6, coverage=0.03, white=[], optics=PLAIN)) == ("too_thin",)


def test_one_large_white_cell_is_neither_thick_nor_thin() -> None:
    smear = draw_smear(0, 160, 160, 0.1, white=["monocyte"], coverage=0.2, optics=PLAIN)
    codes_found = codes(smear.picture, [Found("wbc", (2, 2, 158, 158), 0.9)], 0.1)
    assert not {"too_thick", "too_thin"} & set(codes_found)


@pytest.mark.parametrize("seed", range(6))
def test_without_cells_no_blood_cells_are_found(seed: int) -> None:
    blank = draw_blank(seed)
    assert "no_cells" in codes(blank.picture, [])
    platelet = Found("platelet", (10, 10, 40, 40), 0.9)
    assert "no_cells" in codes(blank.picture, [platelet])


def test_reasons_add_up() -> None:
    smear = draw_smear(7, coverage=0.03, white=[], optics=PLAIN)
    assert set(codes(exposed(smear.picture, 0.2), cells(smear), 0.1)) == {"too_dark", "too_thin"}
    assert {"no_cells", "too_dark"} <= set(codes(np.zeros((480, 640, 3), np.uint8), []))


@given(
    height=st.integers(8, 90),
    width=st.integers(8, 90),
    um_per_px=st.one_of(st.none(), st.floats(1e-3, 10)),
    level=st.integers(0, 255),
    boxes=st.lists(st.tuples(*[st.floats(0, 90)] * 4), max_size=4),
)
@settings(max_examples=60)
def test_any_picture_with_any_cells_is_judged(
    height: int,
    width: int,
    um_per_px: float | None,
    level: int,
    boxes: list[tuple[float, float, float, float]],
) -> None:
    picture = np.full((height, width, 3), level, np.uint8)
    found = [
        Found("rbc", (min(a, c), min(b, d), max(a, c), max(b, d)), 0.5) for a, b, c, d in boxes
    ]
    assert ("no_cells" in codes(picture, found, um_per_px)) == (not found)
    assert 0 <= focus(picture) < 1e-9


@given(seed=st.integers(0, 1000), noise=st.floats(0, 3), um_per_px=st.floats(0.07, 0.2))
@settings(max_examples=8)
def test_focus_falls_with_defocus_of_the_same_scene(
    seed: int, noise: float, um_per_px: float
) -> None:
    scores = [
        focus(
            draw_smear(
                seed,
                240,
                180,
                um_per_px,
                coverage=0.4,
                optics=Optics(defocus_um=defocus_um, noise=noise),
            ).picture
        )
        for defocus_um in (0.0, 0.4, 0.8, 1.6)
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_focus_hardly_moves_with_exposure() -> None:
    picture = draw_smear(1, 320, 240, optics=PLAIN).picture
    assert focus(exposed(picture, 0.7)) == pytest.approx(focus(picture), rel=0.05)


@pytest.mark.data
@pytest.mark.parametrize("name", ["bionet_fields", "txl_pbc"])
def test_real_fields_are_usable_and_the_same_out_of_focus_are_not(
    name: str, datasets: Path
) -> None:
    fields: dict[str, list[Found]] = defaultdict(list)
    with (datasets / name / "boxes.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["split"] == "val":
                x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
                kind = next(kind for kind in KINDS if kind == row["kind"])
                fields[row["file"]].append(Found(kind, (x0, y0, x1, y1), 1.0))
    usable = blurry = 0
    some = sorted(fields.items())[::3]
    for file, found in some:
        picture = decode(datasets / name / file)
        scale = from_red_cells(found, picture.shape[1], picture.shape[0])
        um_per_px = scale.um_per_px if scale else 0.1
        usable += codes(picture, found, um_per_px) == ()
        defocused = blurred(picture.astype(np.float32), 1.0 / um_per_px)
        blurry += codes(np.rint(defocused).astype(np.uint8), found, um_per_px) == ("out_of_focus",)
    assert usable >= 0.98 * len(some)
    assert blurry >= 0.95 * len(some)
