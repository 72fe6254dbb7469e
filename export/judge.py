"""How a network is judged after each epoch."""

from collections.abc import Sequence

import keras
import numpy as np
from sklearn.metrics import f1_score

from export.augment import Floats
from export.checkpoint import Figures
from export.lap_data import LapData
from export.parts import spans
from export.recipe import Attribute, Recipe
from export.training_data import Split
from runtime.judgement import ATTRIBUTES, LOGITS
from runtime.preprocess import Batch

CHUNK = 64


def judge(model: keras.Model, recipe: Recipe, data: LapData, check: Split) -> Figures:
    """Measure loss and accuracy on validation cells, and the accuracy on augmented ones.

    Where the recipe has attributes, also the mean of their macro F1 on the cells that have them.
    """
    plain, shifted = (_answers(model, pictures) for pictures in (data.plain, data.shifted))
    loss = keras.losses.sparse_categorical_crossentropy(
        check.labels, plain[LOGITS], from_logits=True
    )
    figures = {"val_loss": round(float(np.mean(keras.ops.convert_to_numpy(loss))), 4)}
    for name, answers in (("val_accuracy", plain), ("shifted_accuracy", shifted)):
        right = answers[LOGITS].argmax(axis=1) == check.labels
        figures[name] = round(float(right.mean()), 4)
    if recipe.attributes:
        f1 = attributes_f1(check.attributes, plain[ATTRIBUTES], recipe.attributes)
        figures["attributes_f1"] = round(f1, 4)
    return figures


def attributes_f1(known: Floats, logits: Floats, attributes: Sequence[Attribute]) -> float:
    """Return the mean over the attributes of the macro F1 on the cells of which they are told."""
    scores = []
    for start, end in spans(attributes):
        told = known[:, start:end].any(axis=1)
        truth, found = (a[told, start:end].argmax(axis=1) for a in (known, logits))
        scores.append(f1_score(truth, found, average="macro", zero_division=0.0))
    return float(np.mean(scores))


def _answers(model: keras.Model, pictures: Batch) -> dict[str, Floats]:
    parts = np.array_split(pictures, len(pictures) // CHUNK + 1)
    answers = [model.predict_on_batch(part) for part in parts]
    return {name: np.concatenate([a[name] for a in answers]) for name in model.output}
