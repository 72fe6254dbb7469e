"""Fields: pictures of many cells with boxes, and the typed cells that can be cut out of them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TypeAlias

from export.data.samples import Sample, class_id
from runtime.detection import Box
from runtime.images import SUFFIXES
from runtime.inputs import walk_folders

UNTYPED = ("wbc", "rbc", "platelet")
SPELLINGS = {
    "white_blood_cell": "wbc",
    "white_blood_cells": "wbc",
    "leukocyte": "wbc",
    "red_blood_cell": "rbc",
    "red_blood_cells": "rbc",
    "erythrocyte": "rbc",
    "platelets": "platelet",
    "thrombocyte": "platelet",
}
SPLIT_SPELLINGS = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}
# Boxes of one kind that overlap more than this are one cell, drawn twice.
REPEATED_IOU = 0.9

Slot: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Marked:
    """A box and what it holds: one of `UNTYPED`, or a class of white cells."""

    kind: str
    box: Box


@dataclass(frozen=True)
class Field:
    """A picture of many cells.

    `type` is the class of its white cells, `source` the collection that it comes from, where known.
    """

    path: Path
    split: str | None
    boxes: tuple[Marked, ...]
    group: str | None = None
    type: str | None = None
    source: str | None = None


def kind_id(name: str) -> str:
    """Turn the name that a set gives to a kind of cell into the id used here."""
    found = class_id(name)
    return SPELLINGS.get(found, found)


def split_id(name: str) -> str | None:
    """Turn the name of a split, such as `TRAIN` or `valid`, into the one used here."""
    found = name.strip().lower()
    return SPLIT_SPELLINGS.get(found, found) or None


def split_of(path: Path, root: Path) -> str | None:
    """Return the split that a folder above the file, within the set, is named after."""
    names = (split_id(part) for part in path.relative_to(root).parts[:-1])
    return next((name for name in names if name in ("train", "val", "test")), None)


def pictures_below(folder: Path) -> Iterator[Path]:
    """List all pictures of a folder and its folders, linked ones too, hidden ones passed over.

    Raises:
        OSError: a folder cannot be read.
    """
    for top, names in walk_folders(folder, _raise):
        for path in (Path(top, name) for name in names):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path


def tidied(fields: Sequence[Field]) -> tuple[list[Field], int]:
    """Drop empty boxes, and all but the first of boxes that mark the same cell.

    Returns:
        The fields, and how many boxes were dropped.
    """
    tidy = [replace(field, boxes=_without_repeats(field.boxes)) for field in fields]
    dropped = sum(len(f.boxes) for f in fields) - sum(len(f.boxes) for f in tidy)
    return tidy, dropped


def typed(fields: Sequence[Field], types: Mapping[str, tuple[str, str | None]]) -> list[Field]:
    """Give fields the types, and where they have none the splits, of a table.

    Args:
        fields: the fields.
        types: a picture's name without suffix, or its number, to its type and split.
    """
    found = []
    for field in fields:
        digits = re.search(r"(\d+)$", field.path.stem)
        number = str(int(digits[1])) if digits else ""
        label, split = types.get(field.path.stem) or types.get(number) or (None, None)
        found.append(replace(field, type=label, split=field.split or split))
    return found


def typed_cells(fields: Sequence[Field]) -> list[Sample]:
    """List the boxes whose class is known: by their own name, or by the type of their field."""
    cells = []
    for field in fields:
        group = field.group or field.path.as_posix()
        for marked in field.boxes:
            label = field.type if marked.kind == "wbc" else marked.kind
            if label and label not in ("rbc", "platelet"):
                cells.append(Sample(field.path, label, field.split, group, marked.box))
    return cells


def untyped_cells(fields: Sequence[Field], leave_out: Sequence[str] = ()) -> list[Sample]:
    """List the white cells whose class is not known, labelled `wbc`, but for some sources'."""
    return [
        Sample(field.path, marked.kind, field.split, field.group, marked.box)
        for field in fields
        if field.type is None and field.source not in leave_out
        for marked in field.boxes
        if marked.kind == "wbc"
    ]


def _raise(error: OSError) -> None:
    raise error


def _without_repeats(boxes: Sequence[Marked]) -> tuple[Marked, ...]:
    """Compare each box with those alone that begin near it and are about as large."""
    kept: list[Marked] = []
    at: dict[tuple[Slot, Slot], list[Marked]] = {}
    for marked in boxes:
        x0, y0, x1, y1 = marked.box
        if x1 <= x0 or y1 <= y0:
            continue
        near = product(_slots_near(x0, x1), _slots_near(y0, y1))
        if not any(_same_cell(marked, other) for slots in near for other in at.get(slots, ())):
            kept.append(marked)
            at.setdefault((_slot(x0, x1), _slot(y0, y1)), []).append(marked)
    return tuple(kept)


def _slot(low: float, high: float) -> Slot:
    """File a line by the power of two above its length, and by eighths of that where it begins."""
    level = math.frexp(high - low)[1]
    return level, math.floor(math.ldexp(low, 3 - level))


def _slots_near(low: float, high: float) -> list[Slot]:
    """List where lines are filed that may overlap with this one by more than `REPEATED_IOU`."""
    length = high - low
    shortest, longest = length * REPEATED_IOU, length / REPEATED_IOU
    reach = longest - length
    return [
        (level, place)
        for level in range(math.frexp(shortest)[1], math.frexp(longest)[1] + 1)
        for place in range(
            math.floor(math.ldexp(low - reach, 3 - level)),
            math.floor(math.ldexp(low + reach, 3 - level)) + 1,
        )
    ]


def _same_cell(one: Marked, other: Marked) -> bool:
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = one.box, other.box
    width, height = min(ax1, bx1) - max(ax0, bx0), min(ay1, by1) - max(ay0, by0)
    if one.kind != other.kind or width <= 0 or height <= 0:
        return False
    both = width * height
    either = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - both
    return both > REPEATED_IOU * either
