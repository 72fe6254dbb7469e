"""Tiles cover a picture, and show each cell whole that is not larger than their overlap."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime.detection import Found
from runtime.tiles import CUT_OFF_PX, Tile, tiles


@given(
    data=st.data(),
    width=st.integers(200, 5000),
    height=st.integers(200, 5000),
    parts=st.integers(1, 6),
    cell=st.integers(5, 80),
)
def test_each_cell_is_whole_in_a_tile(
    data: st.DataObject, width: int, height: int, parts: int, cell: int
) -> None:
    x, y = (data.draw(st.integers(0, side - cell)) for side in (width, height))
    box = (float(x), float(y), float(x + cell), float(y + cell))
    found = []
    for tile in tiles(width, height, parts, cell + 2 * CUT_OFF_PX):
        x0, y0, x1, y1 = box
        low_x, low_y = max(x0, tile.x0) - tile.x0, max(y0, tile.y0) - tile.y0
        high_x, high_y = min(x1, tile.x1) - tile.x0, min(y1, tile.y1) - tile.y0
        if low_x < high_x and low_y < high_y:  # the part of it that the tile shows
            seen = Found("rbc", (low_x, low_y, high_x, high_y), 0.9)
            found += tile.whole([seen], width, height)
    assert found
    assert all(cell.box == box for cell in found)


@given(width=st.integers(8, 3000), height=st.integers(8, 3000), parts=st.integers(1, 6))
def test_tiles_cover_the_picture_and_stay_inside(width: int, height: int, parts: int) -> None:
    covered = np.zeros((height, width), bool)
    for tile in tiles(width, height, parts, 40.0):
        assert 0 <= tile.x0 < tile.x1 <= width
        assert 0 <= tile.y0 < tile.y1 <= height
        covered[tile.y0 : tile.y1, tile.x0 : tile.x1] = True
    assert covered.all()


def test_one_part_is_the_picture() -> None:
    assert tiles(640, 480, 1, 50.0) == [Tile(0, 0, 640, 480)]
