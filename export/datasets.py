"""Labelled pictures of single cells: class folders, with or without a `labels.csv`."""

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from export.errors import DatasetError
from runtime.errors import ImageError
from runtime.images import SUFFIXES, decode
from runtime.preprocess import Batch, to_batch, to_input

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Sample:
    """One labelled picture; `split` is None where the set names none."""

    path: Path
    label: str
    split: str | None


def read_samples(folder: Path) -> list[Sample]:
    """List the labelled pictures of a folder, in a fixed order.

    Args:
        folder: holds either `labels.csv` with the columns file, label and perhaps split, or one
            folder of pictures per class, perhaps below `train`, `val` and `test`.

    Returns:
        The samples, sorted by path.

    Raises:
        DatasetError: the folder or a named file is missing, the table lacks a column, or there is
            no picture.
    """
    if not folder.is_dir():
        raise DatasetError("dataset", f"{folder} is not a folder: pass the folder of the data set")
    table = folder / "labels.csv"
    samples = _from_table(table) if table.exists() else _from_folders(folder)
    if not samples:
        raise DatasetError(
            "dataset",
            f"{folder} holds no labelled pictures: it needs a labels.csv (file, label, split) "
            "or a folder of pictures for each class",
        )
    return sorted(samples, key=lambda s: s.path)


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


def load_inputs(samples: Sequence[Sample], size_px: int, title: str) -> Batch:
    """Decode and preprocess pictures exactly as serving does.

    Args:
        samples: pictures to load.
        size_px: side of each in the result.
        title: what the progress bar says.

    Returns:
        (n, size_px, size_px, 3) uint8 RGB, in the order of `samples`.

    Raises:
        DatasetError: a picture cannot be read; the first one is named.
    """

    def load(sample: Sample) -> Batch:
        return to_input(decode(sample.path), size_px)

    try:
        with ThreadPoolExecutor() as pool:
            bar = tqdm(pool.map(load, samples), title, len(samples), unit="pic", disable=None)
            return to_batch(list(bar))
    except ImageError as error:
        raise DatasetError("dataset", f"{error} (remove it from the data set)") from error


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
    """Identify a split: how many pictures, of which classes, and a hash over names and bytes."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(f"{sample.label}/{sample.path.name}\n".encode())
        digest.update(hashlib.sha256(sample.path.read_bytes()).digest())
    counts = Counter(s.label for s in samples)
    return {
        "count": len(samples),
        "classes": dict(sorted(counts.items())),
        "sha256": digest.hexdigest(),
    }


def _from_table(table: Path) -> list[Sample]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError("dataset", f"{table} cannot be read ({error})") from error
    if not rows or not {"file", "label"} <= rows[0].keys():
        raise DatasetError("dataset", f"{table} needs a header with the columns file and label")
    if short := [i for i, r in enumerate(rows, 2) if not (r["file"] and r["label"])]:
        raise DatasetError("dataset", f"{table}: line {short[0]} names no file or no label")
    if twice := [file for file, n in Counter(r["file"] for r in rows).items() if n > 1]:
        raise DatasetError("dataset", f"{table} names {twice[0]} more than once: keep one line")
    samples = [Sample(table.parent / r["file"], r["label"], r.get("split") or None) for r in rows]
    if gone := [s.path for s in samples if not s.path.is_file()]:
        raise DatasetError(
            "dataset", f"{table} names {len(gone)} files that are missing, the first is {gone[0]}"
        )
    return samples


def _from_folders(folder: Path) -> list[Sample]:
    def classes_of(parent: Path, split: str | None) -> list[Sample]:
        return [
            Sample(path, path.parent.name, split)
            for path in parent.glob("*/*")
            if path.suffix.lower() in SUFFIXES and path.is_file()
        ]

    if any((folder / split).is_dir() for split in SPLITS):
        return [s for split in SPLITS for s in classes_of(folder / split, split)]
    return classes_of(folder, None)
