"""Samples as the arrays that a network takes: pictures, class numbers, attributes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from export.data.samples import Sample
from export.errors import DatasetError
from export.recipe import Attribute
from runtime.crops import crop
from runtime.errors import ImageError
from runtime.framing import Framing
from runtime.images import decode
from runtime.preprocess import Batch, resample, to_batch, window, window_share


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
    return load_windows(samples, size_px, title, framing, (1.0,))[:, 0]


def load_windows(
    samples: Sequence[Sample],
    size_px: int,
    title: str,
    framing: Framing | None,
    zooms: Sequence[float],
) -> Batch:
    """Load cells as `load_inputs` does, in several windows each.

    Args:
        samples: cells to load.
        size_px: side of each window in the result.
        title: what the progress bar says.
        framing: how large a window serving cuts; None for the whole square.
        zooms: sides of the windows in sides of that one.

    Returns:
        (n, zooms, size_px, size_px, 3) uint8 RGB, in the order of `samples` and `zooms`.

    Raises:
        DatasetError: a picture cannot be read; the first one is named.
    """
    places: dict[Path, list[int]] = {}
    for place, sample in enumerate(samples):
        places.setdefault(sample.path, []).append(place)

    def load(path: Path) -> list[tuple[int, Batch]]:
        picture, loaded = decode(path), []
        for place in places[path]:
            box = samples[place].box
            cell = picture if box is None else crop(picture, box)
            share = window_share(cell, framing)
            windows = [resample(window(cell, share, zoom), size_px) for zoom in zooms]
            loaded.append((place, to_batch(windows)))
        return loaded

    try:
        with ThreadPoolExecutor() as pool:
            bar = tqdm(pool.map(load, places), title, len(places), unit="pic", disable=None)
            loaded = dict(pair for pairs in bar for pair in pairs)
    except ImageError as error:
        raise DatasetError("dataset", f"{error} (remove it from the data set)") from error
    return np.stack([loaded[place] for place in range(len(samples))])


def attribute_targets(
    samples: Sequence[Sample], attributes: Sequence[Attribute]
) -> npt.NDArray[np.float32]:
    """Turn what a set tells of its cells into targets, one column for each value of an attribute.

    Returns:
        (n, values) float32: 1 for the value that a cell has, zeros where it is not told.

    Raises:
        DatasetError: a cell has a value that the attribute may not have.
    """
    places = [(a.id, value) for a in attributes for value in a.values]
    column = {pair: i for i, pair in enumerate(places)}
    known = np.zeros((len(samples), len(places)), np.float32)
    allowed = {a.id: a.values for a in attributes}
    for row, sample in enumerate(samples):
        for name, value in sample.attributes:
            if name not in allowed:
                continue
            if (name, value) not in column:
                raise DatasetError(
                    "dataset",
                    f"{sample.path}: {name} is '{value}', which is not among the recipe's "
                    f"{', '.join(allowed[name])}: add the value there, or leave the cell's "
                    "blank",
                )
            known[row, column[name, value]] = 1
    return known


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
