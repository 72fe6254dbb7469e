"""Pictures that are no stained cells, of a labelled set or a plain folder."""

from pathlib import Path

from export.data.readers import BOXES_FILE, LABELS_FILE, read_samples
from export.data.samples import Sample, class_id, in_order
from export.data.selection import ALL, of_split, test_or_all
from runtime.images import SUFFIXES
from runtime.inputs import walk


def read_strange(path: Path, split: str | None) -> tuple[list[Sample], str]:
    """List pictures of a labelled set, or of a folder without labels.

    Args:
        path: a data set whose classes may be any, or a folder of pictures, folders inside of it
            too, each picture being of the class of its folder.
        split: the split to take, `all` for every picture; None takes the test split where the set
            names one, else all.

    Returns:
        The pictures, and the split that was taken.

    Raises:
        DatasetError: there are none.
    """
    samples = _plain(path) if _is_plain(path) else read_samples(path)
    split = split or test_or_all(samples)
    return samples if split == ALL else of_split(samples, split), split


def strange_to_choose_on(path: Path) -> list[Sample]:
    """List the pictures on which thresholds may be chosen: the val split, or all without splits.

    Raises:
        DatasetError: there are none.
    """
    samples, _ = read_strange(path, ALL)
    return of_split(samples, "val") if any(s.split for s in samples) else samples


def _is_plain(path: Path) -> bool:
    """Tell whether pictures lie in the folder itself, and no table says what they are."""
    if not path.is_dir() or any((path / file).is_file() for file in (LABELS_FILE, BOXES_FILE)):
        return False
    return any(p.suffix.lower() in SUFFIXES and not p.name.startswith(".") for p in path.iterdir())


def _plain(folder: Path) -> list[Sample]:
    files = [Path(name) for name, _ in walk([str(folder)])]
    return in_order(Sample(f, class_id(f.parent.resolve().name), None) for f in files)
