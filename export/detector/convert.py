"""A trained detector to ONNX, fp32 and int8: pictures in, boxes, scores and kinds out."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime as ort
import tensorflow as tf
import tf2onnx
from tqdm import tqdm

from export.data.fields import Field
from export.detector import network
from export.detector.decoding import with_decoding
from export.detector.parts import HEAT, SIDES
from export.detector.recipe import DetectorRecipe, load_detector_recipe
from export.detector.train import read_splits, refuse_other_fields
from export.errors import ExportError, RecipeError
from export.provenance import provenance
from export.quantize import quantize
from export.recipe import OF_CARD
from export.run import (
    EXPORT_FILE,
    FP32_FILE,
    INT8_FILE,
    RECIPE_FILE,
    converting,
    finished,
    sha256,
    write_facts,
)
from runtime.detector import SCORES
from runtime.images import decode
from runtime.lock import alone
from runtime.preprocess import Batch, fit, to_batch

DETECTOR_FILES = (FP32_FILE, INT8_FILE)
COMPARED = 16
# Tables that a training does not depend on.
AFTERWARDS = ("export", "picking", *OF_CARD)


def convert(run: Path, data: Sequence[Path], recipe_file: Path | None = None) -> tuple[Path, Path]:
    """Write the fp32 and the int8 network of a trained detector.

    Args:
        run: folder of a finished run; receives the networks and `export.json`.
        data: its data sets; their train splits calibrate, their validation splits compare.
        recipe_file: whose tables `export` and `picking`, `limits` and `data` to take; all else is
            as in the run's own recipe, which None takes.

    Returns:
        The paths of both ONNX files, fp32 first.

    Raises:
        RecipeError: the recipe is of another training.
        ExportError: the run has not finished or is in use, or Keras and ONNX differ by more than
            the recipe allows; then the run's older networks are still there.
        DatasetError: a data set does not fit.
    """
    model_sha256 = finished(run)["model_sha256"]
    with alone(run), converting(run, DETECTOR_FILES) as part:
        recipe = _recipe(run, recipe_file)
        splits = read_splits(data, recipe, ("train", "val"))
        refuse_other_fields(run, splits)
        rng = np.random.default_rng(recipe.seed)
        calibration, check = (
            _drawn([of[split] for of in splits.values()], count, rng)
            for split, count in (("train", recipe.export.calibration), ("val", COMPARED))
        )
        # A graph for inputs of one size is a plainer one.
        model = network.load(recipe, run, shape_px=recipe.shape_px)
        plain = {name: part / f"network.{name}.onnx" for name in ("fp32", "int8")}
        onnx.save(to_onnx(model, recipe), plain["fp32"])
        quantize(
            plain["fp32"],
            plain["int8"],
            inputs(calibration, recipe, "calibrate"),
            recipe.export,
            float_outputs=(HEAT, SIDES),
        )
        for name, file in (("fp32", FP32_FILE), ("int8", INT8_FILE)):
            onnx.save(
                with_decoding(onnx.load(plain[name]), recipe.shape_px, recipe.picking.most),
                part / file,
            )
        compare(model, part / FP32_FILE, inputs(check, recipe, "compare"), recipe)
        facts = {
            "recipe_sha256": sha256(recipe_file or run / RECIPE_FILE),
            "settings": recipe.export.model_dump(),
            "picking": recipe.picking.model_dump(),
            "card": recipe.model_dump(include=set(OF_CARD)),
            "model_sha256": model_sha256,
            "files": {file: sha256(part / file) for file in DETECTOR_FILES},
            **provenance(),
        }
        write_facts(part / EXPORT_FILE, facts)
    return run / FP32_FILE, run / INT8_FILE


def _recipe(run: Path, recipe_file: Path | None) -> DetectorRecipe:
    own = load_detector_recipe(run / RECIPE_FILE)
    recipe = load_detector_recipe(recipe_file) if recipe_file else own
    other = [
        key
        for key in DetectorRecipe.model_fields
        if key not in AFTERWARDS and getattr(own, key) != getattr(recipe, key)
    ]
    if other:
        raise RecipeError(
            "recipe",
            f"{recipe_file} differs from the recipe that {run} was trained by in "
            f"{', '.join(other)}: change the tables export and picking, limits and data alone, "
            "or train anew",
        )
    return recipe


def _drawn(sets: Sequence[Sequence[Field]], count: int, rng: np.random.Generator) -> list[Field]:
    """Draw the same number of fields of each set, or all of a set that has fewer."""
    each = max(1, count // len(sets))
    return [fields[i] for fields in sets for i in rng.permutation(len(fields))[:each]]


def inputs(fields: Sequence[Field], recipe: DetectorRecipe, title: str) -> Batch:
    """Decode and fit fields exactly as serving does."""
    bar = tqdm(fields, title, unit="field", disable=None)
    return to_batch([fit(decode(field.path), recipe.shape_px).pixels for field in bar])


def to_onnx(model: keras.Model, recipe: DetectorRecipe) -> onnx.ModelProto:
    """Convert a detector, its input `pictures` of any number, its outputs by name."""
    signature = tf.TensorSpec((None, *recipe.shape_px, 3), tf.uint8, name="pictures")

    @tf.function(input_signature=[signature], autograph=False)
    def answer(pictures: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(pictures, training=False))

    converted, _ = tf2onnx.convert.from_function(
        answer, input_signature=[signature], opset=recipe.export.opset
    )
    return converted


def compare(model: keras.Model, file: Path, batch: Batch, recipe: DetectorRecipe) -> float:
    """Refuse an ONNX file whose scores differ from Keras's on the same fields.

    Returns:
        The largest difference of a field's falling scores.

    Raises:
        ExportError: it is above the recipe's limit.
    """
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    (theirs,) = session.run([SCORES], {"pictures": batch})
    ours = np.stack([p.scores for p in network.find(model, batch, theirs.shape[1])])
    difference = float(np.abs(ours - theirs).max())
    if not difference <= recipe.export.max_logit_difference:  # NaN is no difference to pass
        raise ExportError(
            "export",
            f"{file.name} differs from Keras by {difference:.2g} (the recipe allows "
            f"{recipe.export.max_logit_difference:g}): try another opset",
        )
    return difference
