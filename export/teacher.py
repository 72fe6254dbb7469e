"""A network that has learnt already, as a teacher of another one."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from export.augment import Floats
from export.batches import Targets
from export.errors import RecipeError
from export.parts import spans
from export.recipe import Attribute, Recipe, load_recipe
from export.run import MODEL_FILE, RECIPE_FILE
from runtime.judgement import ATTRIBUTES, LOGITS
from runtime.preprocess import Batch
from runtime.trust import softmax


class Teacher:
    """The network of a finished run, which a recipe's network shall learn from."""

    def __init__(self, run: Path, recipe: Recipe) -> None:
        """Load the network of a run.

        Args:
            run: a finished run.
            recipe: the student's.

        Raises:
            RecipeError: the run names other classes, or has other attributes where its answers to
                varied pictures are wanted.
        """
        theirs = load_recipe(run / RECIPE_FILE)
        if theirs.class_ids != recipe.class_ids:
            raise RecipeError(
                "recipe",
                f"{run} names {', '.join(theirs.class_ids)}, the recipe "
                f"{', '.join(recipe.class_ids)}: take a teacher of the same classes",
            )
        if recipe.train.distilled and theirs.attributes != recipe.attributes:
            raise RecipeError(
                "recipe",
                f"{run} tells other attributes than the recipe: take a teacher of the same "
                "attributes, or leave train.distilled out",
            )
        self.run = run
        self.recipe = theirs
        self._model = keras.saving.load_model(run / MODEL_FILE, compile=False)

    def ask(self, pictures: Batch) -> dict[str, Floats]:
        """Return its logits, by output, for (n, size_px, size_px, 3) uint8 pictures of its size."""
        answers = self._model.predict_on_batch(pictures)
        return {name: np.asarray(answer) for name, answer in answers.items()}

    def blend(self, pictures: Batch, targets: Targets, share: float) -> Targets:
        """Blend what it says of pictures into what is known of them.

        Told of the very view that it sees, a student learns the teacher's function and not its
        labels alone (Beyer et al. 2022, arXiv 2106.05237).

        Args:
            pictures: (n, side, side, 3) uint8 RGB, of any side.
            targets: what is known, by output; an attribute that is not told stays so.
            share: of the teacher, 0 to 1.
        """
        answers = self.ask(_resized(pictures, self.recipe.input.size_px))
        blended = {LOGITS: _between(targets[LOGITS], softmax(answers[LOGITS]), share)}
        if ATTRIBUTES in targets:
            known = targets[ATTRIBUTES]
            said = _probabilities(answers[ATTRIBUTES], self.recipe.attributes)
            told = _told(known, self.recipe.attributes)
            blended[ATTRIBUTES] = np.where(told, _between(known, said, share), known)
        return blended


def _between(known: Floats, said: Floats, share: float) -> Floats:
    return ((1 - share) * known + share * said).astype(np.float32)


def _probabilities(logits: Floats, attributes: Sequence[Attribute]) -> Floats:
    return np.hstack([softmax(logits[:, start:end]) for start, end in spans(attributes)])


def _told(known: Floats, attributes: Sequence[Attribute]) -> np.typing.NDArray[np.bool_]:
    """Say for each value of each attribute whether that attribute is told, (n, values)."""
    parts = [known[:, start:end] for start, end in spans(attributes)]
    return np.hstack([np.broadcast_to(p.any(axis=1, keepdims=True), p.shape) for p in parts])


def _resized(pictures: Batch, side: int) -> Batch:
    if pictures.shape[1] == side:
        return pictures
    resized = keras.ops.image.resize(
        keras.ops.cast(pictures, "float32"), (side, side), antialias=True
    )
    rounded = np.rint(keras.ops.convert_to_numpy(resized)).clip(0, 255)
    return rounded.astype(np.uint8)
