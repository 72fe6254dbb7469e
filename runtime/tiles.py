"""Large pictures in parts: overlapping tiles, and which of the cells found in one are whole."""

from dataclasses import dataclass, replace
from typing import Final

from runtime.detection import Found
from runtime.images import Picture

# A box that ends nearer to the inner edge of a tile is of a cell that another tile shows whole.
CUT_OFF_PX: Final = 4.0


@dataclass(frozen=True)
class Tile:
    """A part of a picture: x0, y0, x1, y1 in its pixels, x1 and y1 exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    def of(self, picture: Picture) -> Picture:
        """Cut the part out of the picture, as a view."""
        return picture[self.y0 : self.y1, self.x0 : self.x1]

    def whole(self, cells: list[Found], width: int, height: int) -> list[Found]:
        """Bring cells into the picture's pixels, without those cut off at an inner edge.

        Args:
            cells: found in the tile, in its pixels.
            width: of the picture in pixels.
            height: of the picture in pixels.
        """
        low_x, low_y = (CUT_OFF_PX if start else 0.0 for start in (self.x0, self.y0))
        high_x = self.x1 - self.x0 - (CUT_OFF_PX if self.x1 < width else 0.0)
        high_y = self.y1 - self.y0 - (CUT_OFF_PX if self.y1 < height else 0.0)
        return [
            replace(c, box=(x0 + self.x0, y0 + self.y0, x1 + self.x0, y1 + self.y0))
            for c in cells
            for x0, y0, x1, y1 in [c.box]
            if low_x <= x0 and low_y <= y0 and x1 <= high_x and y1 <= high_y
        ]


def tiles(width: int, height: int, parts: int, overlap_px: float) -> list[Tile]:
    """Divide a picture into `parts` by `parts` tiles of one size.

    Args:
        width: of the picture in pixels.
        height: of the picture in pixels.
        parts: tiles along each side, at least 1.
        overlap_px: how much of a tile its neighbor shows too, at least; a cell of that size, and
            of `CUT_OFF_PX` around it, is whole in one of them.
    """
    return [
        Tile(x0, y0, x1, y1)
        for y0, y1 in _along(height, parts, overlap_px)
        for x0, x1 in _along(width, parts, overlap_px)
    ]


def _along(side: int, parts: int, overlap_px: float) -> list[tuple[int, int]]:
    length = min(side, round((side + (parts - 1) * overlap_px) / parts) + 1)
    starts = [round(i * (side - length) / max(1, parts - 1)) for i in range(parts)]
    return [(start, start + length) for start in dict.fromkeys(starts)]
