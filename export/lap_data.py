"""The pictures of a lap: what it learns from, and validation cells plain and varied."""

from dataclasses import dataclass

import numpy as np

from export.batches import Frames, augmented
from export.data.arrays import load_inputs
from export.recipe import Lap, Recipe
from export.training_data import Split
from runtime.preprocess import Batch


@dataclass(frozen=True)
class LapData:
    """What one lap learns from, and validation cells as they are and augmented."""

    frames: Frames
    plain: Batch
    shifted: Batch


def load_lap(recipe: Recipe, lap: Lap, learn: Split, check: Split) -> LapData:
    """Read the pictures of a lap, at the sizes that it wants."""
    frames = load_frames(recipe, lap, learn, "train")
    plain = load_inputs(check.samples, lap.size_px, "val", recipe.framing)
    larger = load_frames(recipe, lap, check, "val, to augment")
    shifted = varied(larger, recipe, lap, np.random.default_rng(recipe.seed))
    return LapData(frames, plain, shifted)


def load_frames(recipe: Recipe, lap: Lap, split: Split, title: str) -> Frames:
    """Read the whole squares of a split, and how large a window serving would cut of each."""
    pictures = load_inputs(split.samples, lap.frame_px, title)
    framing = recipe.framing
    shares = [framing.share(picture) if framing else 1.0 for picture in pictures]
    return Frames(pictures, np.array(shares, np.float32), split.labels, split.attributes)


def varied(frames: Frames, recipe: Recipe, lap: Lap, rng: np.random.Generator) -> Batch:
    """Augment each picture once, a batch at a time, to (n, size_px, size_px, 3) uint8 RGB."""
    count = len(frames.labels)
    parts = np.array_split(np.arange(count), count // recipe.train.batch + 1)
    return np.concatenate([augmented(frames.at(part), recipe, lap, rng) for part in parts])
