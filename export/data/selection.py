"""A stage's part of a data set: one split, or a balanced draw."""

from collections.abc import Sequence

import numpy as np

from export.data.samples import Sample
from export.errors import DatasetError

TEST, ALL = "test", "all"


def test_or_all(samples: Sequence[Sample]) -> str:
    """Choose what is measured where nobody says: the test split where the set names one, or all."""
    return TEST if any(s.split == TEST for s in samples) else ALL


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


def stratified(
    samples: Sequence[Sample], count: int, seed: int, class_ids: Sequence[str]
) -> list[Sample]:
    """Draw the same number of each class, at least one, or all of a class that has fewer.

    Args:
        samples: to draw from.
        count: pictures in all, at most; where there are more classes, one of each is drawn.
        seed: the same seed draws the same pictures.
        class_ids: the classes.

    Returns:
        The drawn samples, classes taking turns, so that any first part is balanced too.
    """
    rng = np.random.default_rng(seed)
    each = max(1, count // len(class_ids))
    columns = []
    for class_id in class_ids:
        own = [s for s in samples if s.label == class_id]
        columns.append([own[i] for i in rng.permutation(len(own))[:each]])
    return [c[i] for i in range(each) for c in columns if i < len(c)]
