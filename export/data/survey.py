"""Look at every picture of a data set once: what cannot be read, and which are the same."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from export.data.samples import Sample
from runtime.detection import Box
from runtime.errors import ImageError
from runtime.images import decode

# What makes two cells the same: the pixels of the picture, and the place in it.
Pixels = tuple[str, Box | None]


@dataclass(frozen=True)
class Look:
    """One picture as decoded: its size, and a hash over size and RGB values."""

    width: int
    height: int
    digest: str


@dataclass(frozen=True)
class Survey:
    """What was seen in the pictures of a set.

    Attributes:
        looks: each picture that can be read.
        unreadable: each other picture, and why.
        duplicates: cells with the same pixels and one label, at least two in each list.
        two_labels: cells with the same pixels and different labels.
        torn: groups with pictures in more than one split, and those splits.
    """

    looks: dict[Path, Look]
    unreadable: dict[Path, str]
    duplicates: list[list[Sample]]
    two_labels: list[list[Sample]]
    torn: dict[str, tuple[str, ...]]

    def pixels(self, sample: Sample) -> Pixels | None:
        """Return what identifies a cell by what it shows, None where it cannot be read."""
        look = self.looks.get(sample.path)
        return (look.digest, sample.box) if look else None


def survey(samples: Sequence[Sample], before: Survey | None = None) -> Survey:
    """Decode every picture once and compare what they show.

    Args:
        samples: the cells of a set.
        before: a survey of the same pictures for other samples, which saves decoding them again.

    Returns:
        What was found; lists keep the order of `samples`.
    """
    looks = dict(before.looks) if before else {}
    unreadable = dict(before.unreadable) if before else {}
    paths = dict.fromkeys(s.path for s in samples)
    for path, look in _look_at_all([p for p in paths if p not in looks and p not in unreadable]):
        if isinstance(look, Look):
            looks[path] = look
        else:
            unreadable[path] = look
    same: dict[Pixels, list[Sample]] = {}
    splits: dict[str, set[str]] = {}
    for sample in samples:
        if sample.path in looks:
            same.setdefault((looks[sample.path].digest, sample.box), []).append(sample)
        if sample.group and sample.split:
            splits.setdefault(sample.group, set()).add(sample.split)
    several = [cells for cells in same.values() if len(cells) > 1]
    return Survey(
        looks,
        unreadable,
        [cells for cells in several if len({s.label for s in cells}) == 1],
        [cells for cells in several if len({s.label for s in cells}) > 1],
        {group: tuple(sorted(names)) for group, names in splits.items() if len(names) > 1},
    )


def _look_at_all(paths: Sequence[Path]) -> Iterator[tuple[Path, Look | str]]:
    with ThreadPoolExecutor() as pool:
        looks = tqdm(pool.map(_look_at, paths), "look", len(paths), unit="pic", disable=None)
        yield from zip(paths, looks, strict=True)


def _look_at(path: Path) -> Look | str:
    """Decode a picture, or say why it cannot be."""
    try:
        picture = decode(path)
    except ImageError as error:
        return str(error)
    height, width, _ = picture.shape
    digest = hashlib.sha256(f"{width} x {height}\n".encode())
    digest.update(picture.tobytes())
    return Look(width, height, digest.hexdigest())
