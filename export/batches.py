"""Shuffled, balanced and augmented batches; the seed, the epoch and the place decide all chance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.augment import Floats, augment
from export.recipe import Lap, Recipe
from runtime.judgement import ATTRIBUTES, LOGITS
from runtime.preprocess import Batch

Targets = dict[str, npt.NDArray[np.float32]]
Arrays = tuple[Batch, Targets, Targets]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Frames:
    """A split in memory.

    Attributes:
        pictures: (n, frame_px, frame_px, 3) uint8 RGB, whole squares.
        shares: (n,) sides of the windows that serving would cut, as shares of the frame's.
        labels: (n,) class numbers.
        attributes: (n, values) as in `export.data.arrays.attribute_targets`.
    """

    pictures: Batch
    shares: Floats
    labels: Labels
    attributes: Floats

    def at(self, places: npt.NDArray[np.int64]) -> "Frames":
        """Pick some of them."""
        return Frames(
            self.pictures[places], self.shares[places], self.labels[places], self.attributes[places]
        )


def class_weights(labels: Labels, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Weigh rare classes more: (share of an even split / share) ** power, 1 on average."""
    counts = np.bincount(labels, minlength=len(recipe.classes)).clip(min=1)
    weights = (counts.mean() / counts) ** recipe.train.class_balance_power
    return np.asarray(weights / weights[labels].mean(), dtype=np.float32)


def batches(frames: Frames, recipe: Recipe, lap: Lap, epoch: int) -> Iterator[Arrays]:
    """Shuffle and augment one epoch.

    Yields:
        Pictures (batch, size_px, size_px, 3) uint8, targets and sample weights of each of the
        network's outputs; the pictures that do not fill a last batch are left out of the epoch.
    """
    weights = class_weights(frames.labels, recipe)
    one_hot = np.eye(len(recipe.classes), dtype=np.float32)
    rng = np.random.default_rng((recipe.seed, epoch))
    count = len(frames.labels)
    if recipe.train.class_balance == "sampling":
        drawn = weights[frames.labels] / weights[frames.labels].sum(dtype=np.float64)
        order = rng.choice(count, count, p=drawn)
        weights = np.ones_like(weights)
    else:
        order = rng.permutation(count)
    size = min(recipe.train.batch, count)
    for start in range(0, count - size + 1, size):
        picked = frames.at(order[start : start + size])
        chance = np.random.default_rng((recipe.seed, epoch, start))
        pictures = augmented(picked, recipe, lap, chance)
        targets = {LOGITS: one_hot[picked.labels]}
        if recipe.attributes:
            targets[ATTRIBUTES] = picked.attributes
        yield pictures, targets, dict.fromkeys(targets, weights[picked.labels])


def augmented(frames: Frames, recipe: Recipe, lap: Lap, rng: np.random.Generator) -> Batch:
    """Augment frames as the recipe says, to (n, size_px, size_px, 3) uint8 RGB."""
    return augment(frames.pictures, frames.shares, lap.size_px, recipe.augment, rng)
