"""A view shows what its boxes say, however it was cut, scaled and turned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from export.data.fields import Field, Marked
from export.detector.drawn import draw_nothing
from export.detector.parts import STRIDE
from export.detector.recipe import load_detector_recipe
from export.detector.scenes import draw_blanks, scene_of
from export.detector.targets import targets
from export.detector.views import View, cut
from tests.export.detector.conftest import RECIPE

DARK = 60
SHAPE = (288, 384)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    width=st.integers(200, 700),
    height=st.integers(200, 700),
    x=st.integers(0, 150),
    y=st.integers(0, 150),
    side=st.integers(30, 50),
)
def test_a_box_stays_around_its_cell(
    seed: int, width: int, height: int, x: int, y: int, side: int
) -> None:
    recipe = load_detector_recipe(RECIPE)
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[y : y + side, x : x + side] = DARK
    field = Field(Path("drawn"), "train", (Marked("wbc", (x, y, x + side, y + side)),))
    view = cut(scene_of(field, picture, SHAPE), recipe, np.random.default_rng(seed))
    assert view.pixels.shape == (recipe.train.view_px, recipe.train.view_px, 3)
    rows, columns = np.nonzero(view.pixels[..., 0] < (DARK + 127) / 2)
    if len(view.boxes) and view.wanted[0]:
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(view.boxes[0] - seen).max() <= 2.5
    elif not len(view.boxes):
        assert not len(rows)


def view_of(*boxes: tuple[float, float, float, float], border: float = 0) -> View:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return View(
        np.zeros((96, 96, 3), np.uint8),
        corners,
        np.arange(len(boxes)) % 3,
        np.ones(len(boxes), bool),
        (border, border, 96 - border, 96 - border),
    )


def test_each_cell_is_a_peak_of_its_kind_with_its_box() -> None:
    view = view_of((10, 10, 50, 50), (60, 20, 80, 44))
    heat, boxes = targets(view)
    for i, (x0, y0, x1, y1) in enumerate(view.boxes.tolist()):
        row, column = int((y0 + y1) / 2) // STRIDE, int((x0 + x1) / 2) // STRIDE
        assert heat[row, column, i] == 1
        assert boxes[row, column, :4].tolist() == [x0, y0, x1, y1]
    assert (heat[..., :3] == 1).sum() == 2
    assert np.isclose(boxes[..., 4].sum(), 2)
    assert heat[..., 3:].all()


def test_the_smaller_of_two_cells_keeps_its_places() -> None:
    view = view_of((10, 10, 80, 80), (40, 40, 52, 52))
    _, boxes = targets(view)
    assert boxes[45 // STRIDE, 45 // STRIDE, :4].tolist() == [40, 40, 52, 52]


def test_places_near_the_border_count_where_a_cell_is_labelled_there() -> None:
    heat, _ = targets(view_of((2, 40, 22, 60), border=20))
    counts = heat[..., 3]
    assert counts[50 // STRIDE, 12 // STRIDE] == 1
    assert counts[10 // STRIDE, 12 // STRIDE] == 0
    assert counts[48 // STRIDE, 48 // STRIDE] == 1


def test_what_is_hardly_seen_of_a_cell_is_no_mistake_to_find_or_to_miss() -> None:
    view = replace(view_of((0, 0, 20, 20)), wanted=np.zeros(1, bool))
    heat, boxes = targets(view)
    assert not heat[..., :3].any()
    assert not boxes.any()
    assert heat[10 // STRIDE, 10 // STRIDE, 3] == 0
    assert heat[60 // STRIDE, 60 // STRIDE, 3] == 1


def test_drawn_nothing_is_the_same_for_the_same_chance() -> None:
    one, same, other = (draw_nothing(64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (64, 64, 3)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_drawn_glass_and_dirt_is_cut_like_any_field_and_holds_no_cells() -> None:
    recipe = load_detector_recipe(RECIPE)
    one, other = draw_blanks((96, 128), 1, 2)
    view = cut(one, recipe, np.random.default_rng(0))
    assert view.pixels.shape == (recipe.train.view_px, recipe.train.view_px, 3)
    assert not len(view.boxes)
    assert not np.array_equal(one.pixels, other.pixels)
