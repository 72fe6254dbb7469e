"""A seeded split for sets that name none: by class, and by group where groups are known."""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from export.data.samples import Sample

WHOLE = {"train": 0.70, "val": 0.15, "test": 0.15}
TRAIN_ALONE = {"train": 0.85, "val": 0.15}


def with_splits(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """Split a set that names no split; where it names train but not val, take val out of train.

    Args:
        samples: the cells of a set.
        seed: the same seed gives the same split, in whatever order and folder the pictures are.

    Returns:
        The samples in their order; those of one group have the same split.
    """
    named = {s.split for s in samples}
    if named == {None}:
        return _assigned(samples, None, WHOLE, seed)
    if "train" in named and "val" not in named:
        return _assigned(samples, "train", TRAIN_ALONE, seed)
    return list(samples)


def _assigned(
    samples: Sequence[Sample], split: str | None, shares: Mapping[str, float], seed: int
) -> list[Sample]:
    """Give the samples of one split new splits, each class in about the same shares.

    Groups are taken largest first, in an order of chance, and each goes where most is missing of
    its classes.
    """
    keys = _keys(samples)
    groups: dict[str, Counter[str]] = {}
    for key, sample in zip(keys, samples, strict=True):
        if sample.split == split:
            groups.setdefault(key, Counter())[sample.label] += 1
    totals = sum(groups.values(), Counter[str]())
    missing = {name: {c: share * n for c, n in totals.items()} for name, share in shares.items()}
    place = {}
    for key in sorted(groups, key=lambda k: (-groups[k].total(), _chance(k, seed))):
        labels = groups[key]
        place[key] = max(  # the first of equals, which is train
            shares,
            key=lambda name: sum(
                n * missing[name][c] / (shares[name] * totals[c]) for c, n in labels.items()
            ),
        )
        for label, n in labels.items():
            missing[place[key]][label] -= n
    return [
        replace(sample, split=place[key]) if sample.split == split else sample
        for key, sample in zip(keys, samples, strict=True)
    ]


def _keys(samples: Sequence[Sample]) -> list[str]:
    """Name what must stay together; names do not depend on where the set lies."""
    paths = [s.path.absolute() for s in samples]
    top = os.path.commonpath([path.parent for path in paths])
    return [
        path.relative_to(top).as_posix() if s.group in (None, s.path.as_posix()) else str(s.group)
        for s, path in zip(samples, paths, strict=True)
    ]


def _chance(key: str, seed: int) -> bytes:
    # Names that are no UTF-8 hold half characters, which this lets pass.
    return hashlib.sha256(f"{seed}:{key}".encode(errors="surrogatepass")).digest()
