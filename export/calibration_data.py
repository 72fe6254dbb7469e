"""Show a converted network the pictures that its trust is chosen on, see `export.calibration`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.calibration import Shown
from export.data.arrays import load_inputs
from export.data.selection import stratified
from export.data.strange import strange_to_choose_on
from export.drawn_strange import draw_strangers
from export.lap_data import load_frames, varied
from export.recipe import Lap, Recipe
from export.training_data import Split
from runtime.errors import ImageError
from runtime.images import decode
from runtime.preprocess import Batch, to_input

LEARNT = 2048  # training cells that show how stained cells look
DRAWN = 200  # drawn pictures that are no cells


def shown(recipe: Recipe, learn: Split, judged: Split, strange: Sequence[Path]) -> Shown:
    """Load, vary and draw what trust is chosen on; no cell takes on the colors of others.

    Args:
        recipe: sizes, framing and how far cells are varied.
        learn: the train split.
        judged: the val split.
        strange: sets of pictures that are no cells, of which the val split is taken where there is
            one; drawn ones are always among them.
    """
    rng = np.random.default_rng(recipe.seed)
    lap = recipe.train.laps[-1]
    some = stratified(learn.samples, LEARNT, recipe.seed, recipe.class_ids)
    learnt = load_inputs(some, lap.size_px, "cells to know", recipe.framing)
    plain = load_inputs(judged.samples, lap.size_px, "val", recipe.framing)
    return Shown(
        learnt=np.concatenate([learnt, _varied(recipe, lap, Split.of(some, recipe), rng)]),
        plain=plain,
        shifted=_varied(recipe, lap, judged, rng),
        labels=judged.labels,
        strange=np.concatenate(
            [draw_strangers(plain, DRAWN, recipe.seed), *_strange(recipe, strange)]
        ),
    )


def _varied(recipe: Recipe, lap: Lap, split: Split, rng: np.random.Generator) -> Batch:
    """Vary cells as training does, but for `augment.style_share`.

    A conversion does not read the cells without a class, of which the styles are.
    """
    return varied(load_frames(recipe, lap, split, "cells to vary"), recipe, lap, rng)


def _strange(recipe: Recipe, folders: Sequence[Path]) -> list[Batch]:
    pictures, refused = [], 0
    listed = [sample for folder in folders for sample in strange_to_choose_on(folder)]
    for sample in tqdm(listed, "strange pictures", unit="pic", disable=None):
        try:
            picture = decode(sample.path)
        except ImageError:
            refused += 1
            continue
        pictures.append(to_input(picture, recipe.input.size_px, recipe.framing))
    if refused:
        tqdm.write(
            f"{refused} of {len(listed)} strange pictures cannot be read: left out",
            file=sys.stderr,
        )
    return [np.stack(pictures)] if pictures else []
