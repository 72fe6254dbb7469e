"""The pictures of a lap: what it learns from, and validation cells plain and varied."""

from dataclasses import dataclass

import numpy as np

from export.augment import Floats, styles_of
from export.batches import Frames, augmented
from export.data.arrays import load_inputs
from export.recipe import Lap, Recipe
from export.training_data import Split
from runtime.preprocess import Batch, window_share


@dataclass(frozen=True)
class LapData:
    """The pictures of a lap.

    Attributes:
        frames: what is learnt from.
        untyped: cells that a teacher named.
        styles: their colors, as in `export.augment`.
        plain: validation cells.
        shifted: the same, varied.
    """

    frames: Frames
    untyped: Frames | None
    styles: Floats | None
    plain: Batch
    shifted: Batch


def load_lap(
    recipe: Recipe, lap: Lap, learn: Split, check: Split, untyped: Split | None
) -> LapData:
    """Read the pictures of a lap, at the sizes that it wants."""
    frames = load_frames(recipe, lap, learn, "train")
    named = load_frames(recipe, lap, untyped, "untyped") if untyped else None
    plain = load_inputs(check.samples, lap.size_px, "val", recipe.framing)
    larger = load_frames(recipe, lap, check, "val, to augment")
    styles = styles_of(named.pictures) if named else None
    shifted = varied(larger, recipe, lap, np.random.default_rng(recipe.seed), styles)
    return LapData(frames, named, styles, plain, shifted)


def load_frames(recipe: Recipe, lap: Lap, split: Split, title: str) -> Frames:
    """Read the whole squares of a split, and how large a window serving would cut of each."""
    pictures = load_inputs(split.samples, lap.frame_px, title)
    shares = [window_share(picture, recipe.framing) for picture in pictures]
    return Frames(pictures, np.array(shares, np.float32), split.targets, split.attributes)


def varied(
    frames: Frames,
    recipe: Recipe,
    lap: Lap,
    rng: np.random.Generator,
    styles: Floats | None = None,
) -> Batch:
    """Augment each picture once, a batch at a time, to (n, size_px, size_px, 3) uint8 RGB."""
    count = len(frames.labels)
    parts = np.array_split(np.arange(count), count // recipe.train.batch + 1)
    return np.concatenate([augmented(frames.at(part), recipe, lap, rng, styles) for part in parts])
