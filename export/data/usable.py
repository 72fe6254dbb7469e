"""The cells of a data set that may be learnt from and measured on, each in its split."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from export.data.readers import labelled, read_set
from export.data.samples import Sample
from export.data.selection import of_split
from export.data.splits import with_splits
from export.data.survey import Pixels, Survey, survey
from export.errors import DatasetError
from runtime.lines import one_line

# A repeated picture is kept where it is measured on, then where epochs are chosen.
LEARNT_FROM = ("val", "train", None)
EXAMPLES = 5


@dataclass(frozen=True)
class LeftOut:
    """Cells that were left out for one reason."""

    reason: str
    samples: list[Sample]

    def __str__(self) -> str:
        """Say how many, why and which, in one line."""
        return _line(f"left out, {self.reason}", [str(s.path) for s in self.samples])


def _line(title: str, items: Sequence[str]) -> str:
    more = ", ..." if len(items) > EXAMPLES else ""
    return f"{title}: {len(items)} ({', '.join(items[:EXAMPLES])}{more})"


def read_usable(data: Path, seed: int) -> list[Sample]:
    """Read a data set, leave out what is wrong with it and say so, and split it if it is not.

    Args:
        data: as in `read_set`.
        seed: the same seed gives the same split.

    Returns:
        The usable cells, sorted by path.

    Raises:
        DatasetError: the set cannot be read.
    """
    kept, unsplit = _read(data, whole=False)
    if unsplit:
        _warn(f"{data} names no splits: split by chance, seed {seed}, whole groups together")
    return with_splits(kept, seed)


def read_whole(data: Path) -> list[Sample]:
    """Read a data set whatever its splits, leave out what is wrong with it and say so.

    Args:
        data: as in `read_set`.

    Returns:
        The usable cells, sorted by path, none in a split.

    Raises:
        DatasetError: the set cannot be read.
    """
    return _read(data, whole=True)[0]


def _read(data: Path, *, whole: bool) -> tuple[list[Sample], bool]:
    """Return the usable cells, and whether the set names no splits."""
    found = read_set(data)
    samples = labelled(found)
    if whole:
        samples = [replace(s, split=None) for s in samples]
    seen = survey(samples)
    kept, left_out = usable(samples, seen)
    for title, items in (("empty class", found.empty), ("cannot be used", found.faults)):
        if items:
            _warn(_line(title, items))
    for each in left_out:
        _warn(str(each))
    if wrong := [seen.unreadable[s.path] for s in kept if s.path in seen.unreadable]:
        _warn(_line("cannot be read, counts as wrong", wrong))
    if not kept:
        raise DatasetError(
            "dataset",
            f"{data} holds no picture that can be used: 'python -m export datasets' says why",
        )
    return kept, {s.split for s in samples} == {None}


def _warn(line: str) -> None:
    """Write a line above a progress bar, where it cannot be mistaken for a result."""
    tqdm.write(one_line(line), file=sys.stderr)


def usable(samples: Sequence[Sample], found: Survey) -> tuple[list[Sample], list[LeftOut]]:
    """Leave out what would spoil training or flatter a figure.

    A picture that cannot be read stays where it is measured on, because it counts as wrong there;
    so does one that stands there twice. A picture with two labels goes from everywhere.

    Args:
        samples: the cells of a set.
        found: what was seen in their pictures.

    Returns:
        The samples that stay, in their order, and what was left out.
    """
    wrong = {sample for cells in found.two_labels for sample in cells}
    unreadable, repeated = set[Sample](), set[Sample]()
    taken: set[Pixels | None] = {found.pixels(s) for s in samples if s.split not in LEARNT_FROM}
    for split in LEARNT_FROM:
        for sample in (s for s in samples if s.split == split):
            pixels = found.pixels(sample)
            if pixels is None:
                unreadable.add(sample)
            elif pixels in taken:
                repeated.add(sample)
            taken.add(pixels)
    reasons = {
        "two labels for one picture": wrong,
        "cannot be read": unreadable,
        "seen already": repeated - wrong,
    }
    left_out = [LeftOut(why, [s for s in samples if s in which]) for why, which in reasons.items()]
    gone = wrong | unreadable | repeated
    return [s for s in samples if s not in gone], [each for each in left_out if each.samples]


def to_learn_from(samples: Sequence[Sample], class_ids: Sequence[str]) -> list[Sample]:
    """Pick the train split, or refuse when a class has no picture there.

    Raises:
        DatasetError: there is no train split, or nothing to learn a class from.
    """
    picked = of_split(samples, "train")
    if missing := sorted(set(class_ids) - {s.label for s in picked}):
        raise DatasetError(
            "dataset",
            f"the train split has no picture of {', '.join(missing)}: take a recipe with the "
            "classes of the data set ('python -m export datasets PATH --recipe FILE.toml' makes "
            "one), or add pictures",
        )
    return picked
