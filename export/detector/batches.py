"""Shuffled and varied batches of views; seed, epoch and step decide all chance."""

from collections.abc import Iterator, Sequence

import numpy as np

from export.augment import Floats, recolor, styles_of
from export.detector.drawn import draw_nothing
from export.detector.parts import HEAT, SIDES
from export.detector.recipe import DetectorRecipe
from export.detector.scenes import Scene
from export.detector.targets import targets
from export.detector.views import View, cut
from runtime.preprocess import Batch

Batches = Iterator[tuple[Batch, dict[str, Floats]]]


def styles(scenes: Sequence[Scene]) -> Floats:
    """Gather the colors of fields, as from `export.augment.styles_of`."""
    return np.concatenate([styles_of(s.pixels[None, ::4, ::4]) for s in scenes])


def batches(
    sets: Sequence[Sequence[Scene]],
    colors: Floats,
    recipe: DetectorRecipe,
    epoch: int,
    blanks: Sequence[Scene] = (),
) -> Batches:
    """Cut and vary the views of one epoch.

    Args:
        sets: scenes of each data set; each set fills the same share of an epoch.
        colors: as from `styles`.
        recipe: how many views, and how they are varied.
        epoch: its number, on which all chance rests.
        blanks: drawn fields without cells, where the recipe wants some.

    Yields:
        Views (batch, side, side, 3) uint8, and targets of each of the network's outputs.
    """
    for step in range(recipe.train.steps):
        rng = np.random.default_rng((recipe.seed, epoch, step))
        views = [_view(sets, recipe, rng, blanks) for _ in range(recipe.train.batch)]
        pixels = np.stack([v.pixels for v in views]).astype(np.float32)
        heat, sides = zip(*(targets(v) for v in views), strict=True)
        varied = recolor(pixels, recipe.vary.of_color, rng, colors)
        yield varied, {HEAT: np.stack(heat), SIDES: np.stack(sides)}


def _view(
    sets: Sequence[Sequence[Scene]],
    recipe: DetectorRecipe,
    rng: np.random.Generator,
    blanks: Sequence[Scene],
) -> View:
    chance = rng.random()
    if chance < recipe.vary.drawn_share:
        side = recipe.train.view_px
        nothing = np.zeros((0, 4), np.float32)
        flags = np.zeros(0, np.bool_)
        drawn = draw_nothing(side, rng)
        return View(drawn, nothing, np.zeros(0, np.int64), flags, (0.0, 0.0, side, side))
    if chance < recipe.vary.drawn_share + recipe.vary.blank_share:
        return cut(blanks[int(rng.integers(len(blanks)))], recipe, rng)
    scenes = sets[int(rng.integers(len(sets)))]
    return cut(scenes[int(rng.integers(len(scenes)))], recipe, rng)
