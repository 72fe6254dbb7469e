"""What a network learns from and is judged by, refused before the work where it does not fit."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.augment import Floats
from export.batches import Labels
from export.data.arrays import attribute_targets, targets
from export.data.samples import Sample
from export.data.selection import of_split
from export.data.usable import read_usable, to_learn_from
from export.errors import DatasetError
from export.recipe import Attribute, Recipe


@dataclass(frozen=True)
class Split:
    """The samples of a split, and what a network should say of them.

    Attributes:
        samples: the cells.
        targets: (n, classes) float32 shares of each class, one of them 1 where it is known.
        attributes: as in `export.data.arrays.attribute_targets`.
    """

    samples: list[Sample]
    targets: Floats
    attributes: Floats

    @property
    def labels(self) -> Labels:
        """The class numbers, (n,)."""
        return np.asarray(self.targets.argmax(axis=1))

    @classmethod
    def of(cls, samples: list[Sample], recipe: Recipe) -> "Split":
        """Give samples their targets.

        Raises:
            DatasetError: a label or an attribute's value is not among the recipe's.
        """
        return cls(
            samples,
            np.eye(len(recipe.classes), dtype=np.float32)[targets(samples, recipe.class_ids)],
            attribute_targets(samples, recipe.attributes),
        )


def read_training_data(data: Path, recipe: Recipe) -> tuple[Split, Split]:
    """Read the train and the val split; warn if there is no test split, which publishing needs.

    Args:
        data: the data set; one without splits is split by the recipe's seed.
        recipe: whose classes the data must hold, each in the train split, and no others anywhere;
            whose attributes some cell of each split must tell.

    Raises:
        DatasetError: the data set does not fit the recipe.
    """
    samples = read_usable(data, recipe.seed)
    learn, check = (
        Split.of(picked, recipe)
        for picked in (to_learn_from(samples, recipe.class_ids), of_split(samples, "val"))
    )
    _refuse_untold(learn.samples, "train", recipe.attributes)
    _refuse_untold(check.samples, "val", recipe.attributes)
    test = [s for s in samples if s.split == "test"]
    targets(test, recipe.class_ids)
    if not test:
        tqdm.write(
            f"{data} has no 'test' split, without which 'publish' refuses the run: add one now to "
            "publish what is trained on these data",
            file=sys.stderr,
        )
    return learn, check


def _refuse_untold(samples: Sequence[Sample], split: str, attributes: Sequence[Attribute]) -> None:
    """Refuse an attribute of which no cell of a split is told: nothing could judge it."""
    told = {name for sample in samples for name, _ in sample.attributes}
    if missing := [a.id for a in attributes if a.id not in told]:
        there = ", ".join(sorted(told)) or "none"
        raise DatasetError(
            "dataset",
            f"no cell of the {split} split tells {', '.join(missing)}, which the recipe asks for "
            f"(columns that are filled: {there}): fill the column, or remove the attribute there",
        )
