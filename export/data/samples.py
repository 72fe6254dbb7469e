"""Labelled pictures of single cells, and how a stage takes its part of them.

A cell is a picture of its own or a box in the picture of a field. `export.data.readers` finds them.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from export.errors import DatasetError
from runtime.errors import ImageError
from runtime.framing import Framing
from runtime.images import Picture, decode
from runtime.preprocess import Batch, to_batch, to_input

SPLITS = ("train", "val", "test")
# Side of the square around a box, in longer sides of the box: a cell with some of its surroundings.
CROP_SIDES = 1.6

Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sample:
    """One labelled cell.

    Attributes:
        path: the picture.
        label: the class's id, see `class_id`.
        split: train, val, test or a name of the set's own; None where the set names none.
        group: pictures of one group stay on one side of a split; None for a picture on its own.
        box: x0, y0, x1, y1 in pixels, when the cell is a part of the picture.
    """

    path: Path
    label: str
    split: str | None
    group: str | None = None
    box: Box | None = None


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


def crop(picture: Picture, box: Box) -> Picture:
    """Cut the square around a box, `CROP_SIDES` times its longer side, mirrored at the border.

    Args:
        picture: (height, width, 3) uint8 RGB.
        box: x0, y0, x1, y1 in pixels.

    Returns:
        (side, side, 3) uint8 RGB, at least 8 pixels on a side.
    """
    x0, y0, x1, y1 = box
    side = max(8, round(CROP_SIDES * max(x1 - x0, y1 - y0)))
    height, width, _ = picture.shape
    rows, columns = (
        _mirrored(round((low + high - side) / 2), side, length)
        for low, high, length in ((y0, y1, height), (x0, x1, width))
    )
    return picture[rows[:, None], columns]


def _mirrored(start: int, count: int, length: int) -> npt.NDArray[np.int64]:
    """Number `count` pixels from `start`, turning back at both ends of a line of `length`."""
    places = np.arange(start, start + count) % (2 * length)
    return np.minimum(places, 2 * length - 1 - places)


def of_split(samples: Sequence[Sample], split: str) -> list[Sample]:
    """Pick one split's samples, or refuse when there is none.

    Raises:
        DatasetError: no sample belongs to the split.
    """
    picked = [s for s in samples if s.split == split]
    if not picked:
        raise DatasetError(
            "dataset",
            f"the data set has no '{split}' split: name train, val and test in the split column "
            "of labels.csv, or as folders above the class folders",
        )
    return picked


def load_inputs(
    samples: Sequence[Sample], size_px: int, title: str, framing: Framing | None = None
) -> Batch:
    """Decode and preprocess pictures exactly as serving does; a field is decoded once.

    Args:
        samples: cells to load.
        size_px: side of each in the result.
        title: what the progress bar says.
        framing: how large a window the network sees; None for the whole square.

    Returns:
        (n, size_px, size_px, 3) uint8 RGB, in the order of `samples`.

    Raises:
        DatasetError: a picture cannot be read; the first one is named.
    """
    places: dict[Path, list[int]] = {}
    for place, sample in enumerate(samples):
        places.setdefault(sample.path, []).append(place)

    def load(path: Path) -> list[tuple[int, Picture]]:
        picture, inputs = decode(path), []
        for place in places[path]:
            box = samples[place].box
            cell = picture if box is None else crop(picture, box)
            inputs.append((place, to_input(cell, size_px, framing)))
        return inputs

    try:
        with ThreadPoolExecutor() as pool:
            bar = tqdm(pool.map(load, places), title, len(places), unit="pic", disable=None)
            loaded = dict(pair for pairs in bar for pair in pairs)
    except ImageError as error:
        raise DatasetError("dataset", f"{error} (remove it from the data set)") from error
    return to_batch([loaded[place] for place in range(len(samples))])


def targets(samples: Sequence[Sample], class_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """Turn labels into class numbers.

    Returns:
        (n,) int64, the place of each label in `class_ids`.

    Raises:
        DatasetError: a label is not among the classes.
    """
    place = {c: i for i, c in enumerate(class_ids)}
    if unknown := sorted({s.label for s in samples} - place.keys()):
        raise DatasetError(
            "dataset",
            f"the data set has the class {', '.join(unknown)}, which is not among "
            f"{', '.join(class_ids)}: rename it or take another recipe or bundle",
        )
    return np.array([place[s.label] for s in samples], dtype=np.int64)


def stratified(
    samples: Sequence[Sample], count: int, seed: int, class_ids: Sequence[str]
) -> list[Sample]:
    """Draw the same number of each class, or all of a class that has fewer.

    Args:
        samples: to draw from.
        count: pictures in all, at most.
        seed: the same seed draws the same pictures.
        class_ids: the classes.

    Returns:
        The drawn samples, classes taking turns, so that any first part is balanced too.
    """
    rng = np.random.default_rng(seed)
    each = count // len(class_ids)
    columns = []
    for class_id in class_ids:
        own = [s for s in samples if s.label == class_id]
        columns.append([own[i] for i in rng.permutation(len(own))[:each]])
    return [c[i] for i in range(each) for c in columns if i < len(c)]


def fingerprint(samples: Sequence[Sample]) -> dict[str, object]:
    """Identify a split: how many cells, of which classes, and a hash over names and bytes."""
    digest = hashlib.sha256()
    for sample in samples:
        place = "" if sample.box is None else f" {sample.box}"
        digest.update(f"{sample.label}/{sample.path.name}{place}\n".encode())
        digest.update(hashlib.sha256(sample.path.read_bytes()).digest())
    counts = Counter(s.label for s in samples)
    return {
        "count": len(samples),
        "classes": dict(sorted(counts.items())),
        "sha256": digest.hexdigest(),
    }
