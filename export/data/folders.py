"""Cells in folders named after their classes, perhaps below folders named after splits."""

import re
from collections.abc import Iterator
from pathlib import Path

from export.data.fields import pictures_below, split_id
from export.data.samples import SPLITS, Sample, class_id
from export.errors import DatasetError
from runtime.images import SUFFIXES

# Kaggle's "blood-cells" by P. Mooney: `_<original>_<random>.jpeg`, written by Keras from the
# originals of one split and class. They were split first, and are counted from 0 in each folder, so
# the same number in TRAIN and TEST is not the same cell.
AUGMENTED = re.compile(r"_(\d+)_\d+")

# Folders of these names are classes even where all their pictures lie in folders further below.
CELLS = {
    "basophil",
    "eosinophil",
    "erythroblast",
    "lymphocyte",
    "monocyte",
    "neutrophil",
    "platelet",
}


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder, sorted; hidden ones and links that lead back passed over."""
    real = folder.resolve()
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and not (path.is_symlink() and real.is_relative_to(path.resolve()))
    )


def has_classes(folder: Path) -> bool:
    """Tell whether some folder in this one holds pictures, or is named after a cell and has some.

    Where pictures lie two folders below, the upper one may as well be a data set.
    """
    return any(
        next(_pictures(home), None) or (_is_cell(home.name) and holds_pictures(home))
        for home in subfolders(folder)
    )


def holds_pictures(folder: Path) -> bool:
    """Tell whether there are pictures in a folder or further below."""
    return next(pictures_below(folder), None) is not None


def split_folders(folder: Path) -> dict[str, Path]:
    """Find the folders in a folder that are named after splits and hold class folders.

    Raises:
        DatasetError: two of them are named after the same split.
    """
    found: dict[str, Path] = {}
    for home in subfolders(folder):
        split = split_id(home.name)
        if split in SPLITS and any(map(holds_pictures, subfolders(home))):
            if split in found:
                raise DatasetError(
                    "dataset",
                    f"{found[split]} and {home} both say that they are {split}: keep one",
                )
            found[split] = home
    return found


def class_folders(folder: Path) -> list[tuple[str | None, Path]]:
    """List the class folders of a set with their splits, empty ones too."""
    if splits := split_folders(folder):
        return [(split, home) for split, top in splits.items() for home in subfolders(top)]
    return [(None, home) for home in subfolders(folder)]


def read_folders(folder: Path) -> list[Sample]:
    """Take each picture in a class folder, or further below, as a cell of that class."""
    samples = []
    for split, home in class_folders(folder):
        label = class_id(home.name)
        for path in pictures_below(home):
            augmented = AUGMENTED.fullmatch(path.stem)
            group = f"{split or 'all'}/{label}/{augmented[1]}" if augmented else None
            samples.append(Sample(path, label, split, group))
    return samples


def _pictures(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file():
            yield path


def _is_cell(name: str) -> bool:
    return name.strip().lower().removesuffix("s") in CELLS
