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
        targets: (n, classes) shares of each class, one of them 1 where it is known for certain.
        attributes: (n, values) as in `export.data.arrays.attribute_targets`.
    """

    pictures: Batch
    shares: Floats
    targets: Floats
    attributes: Floats

    @property
    def labels(self) -> Labels:
        """The class numbers, (n,)."""
        return np.asarray(self.targets.argmax(axis=1))

    def at(self, places: npt.NDArray[np.int64]) -> "Frames":
        """Pick some of them."""
        return Frames(
            self.pictures[places],
            self.shares[places],
            self.targets[places],
            self.attributes[places],
        )

    def beside(self, others: "Frames") -> "Frames":
        """Put others behind them."""
        return Frames(
            np.concatenate([self.pictures, others.pictures]),
            np.concatenate([self.shares, others.shares]),
            np.concatenate([self.targets, others.targets]),
            np.concatenate([self.attributes, others.attributes]),
        )


def class_weights(labels: Labels, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Weigh rare classes more: (share of an even split / share) ** power, 1 on average."""
    counts = np.bincount(labels, minlength=len(recipe.classes)).clip(min=1)
    weights = (counts.mean() / counts) ** recipe.train.class_balance_power
    return np.asarray(weights / weights[labels].mean(), dtype=np.float32)


def batches(
    frames: Frames,
    recipe: Recipe,
    lap: Lap,
    epoch: int,
    untyped: Frames | None = None,
    styles: Floats | None = None,
) -> Iterator[Arrays]:
    """Shuffle and augment one epoch.

    Args:
        frames: cells of known classes; an epoch sees each about once.
        recipe: batch, balance, augmentation.
        lap: the size of the pictures.
        epoch: its number, on which all chance rests.
        untyped: cells that a teacher named, as many in each batch as the recipe says.
        styles: as in `augment`.

    Yields:
        Pictures (batch, size_px, size_px, 3) uint8, targets and sample weights of each of the
        network's outputs; the pictures that do not fill a last batch are left out of the epoch.
    """
    weights = class_weights(frames.labels, recipe)
    rng = np.random.default_rng((recipe.seed, epoch))
    count = len(frames.labels)
    if recipe.train.class_balance == "sampling":
        drawn = weights[frames.labels] / weights[frames.labels].sum(dtype=np.float64)
        order = rng.choice(count, count, p=drawn)
        weights = np.ones_like(weights)
    else:
        order = rng.permutation(count)
    size = min(recipe.labelled_in_batch, count)
    steps = count // size
    extra = recipe.train.batch - recipe.labelled_in_batch if untyped else 0
    power = recipe.untyped.balance_power if recipe.untyped else 0.0
    others = _in_turns(untyped.labels, steps * extra, power, rng) if untyped else order[:0]
    for step in range(steps):
        picked = frames.at(order[step * size :][:size])
        weighed = weights[picked.labels]
        chance = np.random.default_rng((recipe.seed, epoch, step * size))
        if untyped:
            named = untyped.at(others[step * extra :][:extra])
            mixed = chance.permutation(size + extra)  # augmentation treats the first ones otherwise
            picked = picked.beside(named).at(mixed)
            weighed = np.concatenate([weighed, np.ones(extra, np.float32)])[mixed]
        pictures = augmented(picked, recipe, lap, chance, styles)
        targets = {LOGITS: picked.targets}
        if recipe.attributes:
            targets[ATTRIBUTES] = picked.attributes
        yield pictures, targets, dict.fromkeys(targets, weighed)


def _in_turns(labels: Labels, draws: int, power: float, rng: np.random.Generator) -> Labels:
    """Draw places in `labels`, those of a rare one more often by (1 / share) ** power.

    Without any power none is drawn again before all had their turn.
    """
    if power:
        weights = 1 / np.bincount(labels)[labels] ** power
        return rng.choice(len(labels), draws, p=weights / weights.sum())
    turns = -(-draws // len(labels))
    return np.concatenate([rng.permutation(len(labels)) for _ in range(turns)])[:draws]


def augmented(
    frames: Frames,
    recipe: Recipe,
    lap: Lap,
    rng: np.random.Generator,
    styles: Floats | None = None,
) -> Batch:
    """Augment frames as the recipe says, to (n, size_px, size_px, 3) uint8 RGB."""
    return augment(frames.pictures, frames.shares, lap.size_px, recipe.augment, rng, styles)
