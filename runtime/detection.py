"""Cells found in a field: what they are, where they lie, and which of them are the same cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Kind: TypeAlias = Literal["wbc", "rbc", "platelet"]
KINDS: Final[tuple[Kind, ...]] = ("wbc", "rbc", "platelet")
# x0, y0, x1, y1 in pixels of a picture, x1 and y1 exclusive.
Box: TypeAlias = tuple[float, float, float, float]
Boxes: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """A cell found in a picture.

    Attributes:
        kind: white cell, red cell or platelet.
        box: x0, y0, x1, y1 in pixels of the picture, inside of it, x1 and y1 exclusive.
        score: how sure the network is, 0 to 1.
    """

    kind: Kind
    box: Box
    score: float


@dataclass(frozen=True)
class Picking:
    """Which of the boxes that a network gives are told.

    Attributes:
        thresholds: least score of each kind.
        overlap: intersection over union above which two boxes of a kind are one cell.
    """

    thresholds: Mapping[Kind, float]
    overlap: float

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Picking":
        """Read what a manifest tells.

        Raises:
            KeyError: a kind has no threshold.
            ValueError: a number is not from 0 to 1.
        """
        thresholds = {kind: float(told["thresholds"][kind]) for kind in KINDS}
        picking = cls(thresholds, float(told["overlap"]))
        if not all(0 <= number <= 1 for number in (*thresholds.values(), picking.overlap)):
            raise ValueError("a number of picking is not from 0 to 1")
        return picking

    def down_to(self, least: float) -> "Picking":
        """Return the same with one threshold for all kinds."""
        return Picking(dict.fromkeys(KINDS, least), self.overlap)


def found_of(told: Mapping[str, Any]) -> Found:
    """Read a cell that a manifest tells of.

    Raises:
        ValueError: its kind is unknown, or its box does not have four numbers.
    """
    x0, y0, x1, y1 = (float(corner) for corner in told["box"])
    return Found(_kind(told["kind"]), (x0, y0, x1, y1), float(told["score"]))


def _kind(name: object) -> Kind:
    for kind in KINDS:
        if kind == name:
            return kind
    raise ValueError(f"{str(name)[:40]!r} is not {', '.join(KINDS)}")


def overlaps(ones: Boxes, others: Boxes) -> Boxes:
    """Return the intersection over union of each box with each other one.

    Args:
        ones: (n, 4) x0, y0, x1, y1.
        others: (m, 4) the same.

    Returns:
        (n, m), 0 to 1; boxes without an area overlap with nothing.
    """
    low = np.maximum(ones[:, None, :2], others[None, :, :2])
    high = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    both = _area(high - low)
    area, other_area = (_area(boxes[:, 2:] - boxes[:, :2]) for boxes in (ones, others))
    either = area[:, None] + other_area[None] - both
    return np.asarray(both / np.maximum(either, 1e-9), np.float32)


def _area(sides: Boxes) -> Boxes:
    """Return the area of boxes by (..., 2) widths and heights, 0 where one is negative."""
    sides = np.maximum(sides, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def distinct(boxes: Boxes, scores: Boxes, most: float) -> npt.NDArray[np.int64]:
    """Pick boxes by falling score, none that overlaps more than `most` with one picked before.

    Args:
        boxes: (n, 4) x0, y0, x1, y1.
        scores: (n,).
        most: intersection over union above which two boxes are one cell.

    Returns:
        Places in `boxes`, by falling score.
    """
    order = np.argsort(-scores, kind="stable")
    over = np.triu(overlaps(boxes[order], boxes[order]) > most, 1)
    gone = np.zeros(len(boxes), bool)
    for rank in np.flatnonzero(over.any(axis=1)).tolist():  # few boxes overlap any other so far
        if not gone[rank]:
            gone |= over[rank]
    return np.asarray(order[~gone], np.int64)
