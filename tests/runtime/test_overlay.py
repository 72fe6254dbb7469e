from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import HematoVisionError, decode
from runtime.answers import Classification, Timing
from runtime.bundle import CellClass
from runtime.crops import crop
from runtime.field_answers import Cell, FieldAnalysis, FieldTiming
from runtime.images import Picture
from runtime.overlay import (
    FOOT_PX,
    KIND_COLORS,
    LARGEST_PX,
    LEAST_PX,
    draw_overlay,
    round_length,
    write_crops,
    write_overlay,
)
from runtime.quality import Quality, Reason

CLASSES = [CellClass("blue", "Blue cell", "#2563eb"), CellClass("red", "Red cell", "#dc2626")]
BLUE = (0x25, 0x63, 0xEB)
INSIDE = (100.0, 80.0, 160.0, 140.0)


def named(label: str, status: str | None = None) -> Classification:
    return Classification(
        "white cell", 96, 96, label, 0.9, {label: 0.9}, status, None, None, None, None,
        Timing(0, 0, 0, 0),
    )  # fmt: skip


def field(
    *cells: Cell, width: int = 480, height: int = 320, um_per_px: float | None = 0.1
) -> FieldAnalysis:
    return FieldAnalysis(
        source="slide/field 1.png",
        width=width,
        height=height,
        um_per_px=um_per_px,
        um_per_px_interval=(0.09, 0.11) if um_per_px else None,
        scale_source="given" if um_per_px else None,
        white_balance=(1, 1, 1),
        quality=Quality(True, ()),
        cells=cells,
        counts={"wbc": 1, "rbc": 0, "platelet": 0},
        ms=FieldTiming(1, 1, 1, 3),
    )


def white(box: tuple[float, float, float, float], label: str = "blue", **more: str) -> Cell:
    return Cell(1, "wbc", box, 0.9, False, None, named(label, **more))


def glass(answer: FieldAnalysis) -> Picture:
    return np.full((answer.height, answer.width, 3), 230, np.uint8)


def drawn(answer: FieldAnalysis) -> Picture:
    return draw_overlay(glass(answer), answer, CLASSES)


def places(picture: Picture, color: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere((picture == color).all(axis=2))


def test_a_white_cell_has_a_box_in_the_color_of_its_class() -> None:
    at = places(drawn(field(white(INSIDE))), BLUE)
    zoom = LEAST_PX / 480
    assert at[:, 1].min() == INSIDE[0] * zoom
    assert at[:, 0].max() == INSIDE[3] * zoom - 1


def test_an_unfamiliar_one_is_of_no_class() -> None:
    picture = drawn(field(white(INSIDE, status="unfamiliar")))
    assert len(places(picture, BLUE)) == 0


def test_a_red_cell_has_a_thin_box_and_no_words() -> None:
    red = Cell(1, "rbc", INSIDE, 0.9, False, 6.0)
    answer = field(red)
    color = tuple(int(KIND_COLORS["rbc"][i : i + 2], 16) for i in (1, 3, 5))
    at = places(drawn(answer)[:-FOOT_PX], color)
    assert len(at) == 4 * (60 * 2 - 1)


@pytest.mark.parametrize("box", [(0, 0, 40, 40), (440, 280, 480, 320), (0, 0, 480, 320)])
def test_names_stay_in_the_picture(box: tuple[float, float, float, float]) -> None:
    """The name's ground is filled with the color, so there is more of it than the box needs."""
    at = places(drawn(field(white(box)))[:-FOOT_PX], BLUE)
    sides = 2 * (box[2] - box[0] + box[3] - box[1]) * LEAST_PX / 480
    assert len(at) > 3 * sides + 800


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    answer = field(um_per_px=0.1)
    foot = drawn(answer)[-FOOT_PX:]
    dark = (foot.max(axis=2) < 90).sum(axis=1).max()
    # A fifth of 48 um is 9.6 um, so the bar is one of 5 um, at 20 px to the micrometer.
    assert dark == pytest.approx(5 * LEAST_PX / 48, abs=2)


def test_without_a_scale_there_is_no_bar() -> None:
    foot = drawn(field(um_per_px=None))[-FOOT_PX:]
    assert (foot.max(axis=2) < 90).sum(axis=1).max() < 90


@pytest.mark.parametrize(
    ("width", "height", "longer"),
    [(64, 48, LEAST_PX), (1200, 1500, 1500), (5000, 100, LARGEST_PX), (8, 900, LEAST_PX)],
)
def test_it_is_large_enough_to_read_and_not_larger(width: int, height: int, longer: int) -> None:
    box = (0.0, 0.0, min(40.0, width), min(40.0, height))
    rows, columns, _ = drawn(field(white(box), width=width, height=height)).shape
    assert max(rows - FOOT_PX, columns) == longer


@given(st.floats(1e-3, 1e6))
def test_bars_have_round_lengths(most: float) -> None:
    length = round_length(most)
    assert 0.4 * most <= length <= 1.000001 * most
    assert f"{length:.0e}"[0] in "125"


def test_why_a_field_should_not_be_counted_is_told() -> None:
    answer = field()
    blurred = FieldAnalysis(
        **{
            **vars(answer),
            "quality": Quality(False, (Reason("out_of_focus", "out of focus: turn the knob"),)),
        }
    )
    assert not np.array_equal(drawn(answer), drawn(blurred))


def test_files_are_named_after_the_field(tmp_path: Path) -> None:
    answer = field(white(INSIDE), white((0, 0, 30, 30), status="unfamiliar"))
    picture = np.random.default_rng(0).integers(0, 255, (320, 480, 3)).astype(np.uint8)
    write_overlay(tmp_path, picture, answer, CLASSES)
    write_crops(tmp_path, picture, answer)
    (overlay,) = tmp_path.glob("*.png")
    assert overlay.name.startswith("field_1-")
    np.testing.assert_array_equal(decode(overlay), draw_overlay(picture, answer, CLASSES))
    (cell,) = (tmp_path / "blue").iterdir()
    assert cell.name == f"{overlay.stem}-1.png"
    np.testing.assert_array_equal(decode(cell), crop(picture, INSIDE))
    assert len(list((tmp_path / "unfamiliar").iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "blue").write_text("not a folder")
    answer = field(white(INSIDE))
    with pytest.raises(HematoVisionError, match="blue cannot be written"):
        write_crops(tmp_path, glass(answer), answer)
