"""A labelled cell: a picture of its own, or a box in the picture of a field.

`export.data.readers` finds them.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from export.errors import DatasetError
from runtime.detection import Box

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Sample:
    """One labelled cell.

    Attributes:
        path: the picture.
        label: the class's id, see `class_id`.
        split: train, val, test or a name of the set's own; None where the set names none.
        group: pictures of one group stay on one side of a split; None for a picture on its own.
        box: x0, y0, x1, y1 in pixels, when the cell is a part of the picture.
        attributes: names and values of what else the set tells of the cell.
    """

    path: Path
    label: str
    split: str | None
    group: str | None = None
    box: Box | None = None
    attributes: tuple[tuple[str, str], ...] = ()


def class_id(name: str) -> str:
    """Turn a class's name into its id: `Immature granulocyte` into `immature_granulocyte`.

    Raises:
        DatasetError: the name has no letter and no digit.
    """
    found = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).lower()).strip("_")
    if not found:
        raise DatasetError(
            "dataset", f"the class name {name!r} has no letter and no digit: rename the class"
        )
    return found


def in_order(samples: Iterable[Sample]) -> list[Sample]:
    """Sort samples by path, box and label, alike on every system; fingerprints rest on it."""
    # Paths themselves compare without case on Windows, and separators differ: the parts do not.
    return sorted(samples, key=lambda s: (s.path.parts, s.box or (), s.label))
