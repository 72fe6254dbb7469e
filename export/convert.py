"""Keras to ONNX: uint8 NHWC in, scaling inside, logits out, compared with Keras on real cells.

The same function also becomes LiteRT files, which only `benchmarks compare` reads.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import tensorflow as tf
import tf2onnx

from export import networks
from export.calibration import as_manifest, choose
from export.calibration_data import shown
from export.data.arrays import load_inputs
from export.data.selection import stratified
from export.errors import ExportError, RecipeError
from export.home import draw_home
from export.litert import to_litert
from export.provenance import provenance
from export.quantize import quantize
from export.recipe import OF_CARD, Recipe, load_recipe, other_tables
from export.run import (
    CONVERTED,
    EXPORT_FILE,
    FP32_FILE,
    FP32_LITERT_FILE,
    HOME_FILE,
    INT8_FILE,
    INT8_LITERT_FILE,
    MODEL_FILE,
    RECIPE_FILE,
    TRUST_FILE,
    converting,
    finished,
    refuse_other_data,
    sha256,
    write_facts,
)
from export.training_data import read_training_data
from export.views import ask
from runtime.judgement import LOGITS, TEXTURES
from runtime.lock import alone
from runtime.preprocess import Batch

COMPARED = 64


def convert(
    run: Path, data: Path, recipe_file: Path | None = None, strange: Sequence[Path] = ()
) -> tuple[Path, Path]:
    """Write the fp32 and the int8 network of a trained model, as ONNX and as LiteRT.

    Args:
        run: folder of a finished run; receives the networks and `export.json`.
        data: the data set; its train split calibrates, its validation split compares.
        recipe_file: whose tables `export` and `trust`, `limits` and `data` to take; all else
            is as in the run's own recipe, which None takes.
        strange: folders of pictures that are no cells, which help to tell what is unfamiliar.

    Returns:
        The paths of both ONNX files, fp32 first.

    Raises:
        RecipeError: the recipe is of another training.
        ExportError: the run has not finished or is in use, or Keras and ONNX differ by more than
            the recipe allows; then the run's older networks are still there.
        DatasetError: the data set does not fit the recipe.
    """
    model_sha256 = finished(run)["model_sha256"]
    with alone(run), converting(run) as part:
        _convert(run, data, part, model_sha256, recipe_file or run / RECIPE_FILE, strange)
    return run / FP32_FILE, run / INT8_FILE


def _convert(
    run: Path,
    data: Path,
    part: Path,
    model_sha256: str,
    recipe_file: Path,
    strange: Sequence[Path],
) -> None:
    recipe = load_recipe(recipe_file)
    if other := other_tables(recipe, load_recipe(run / RECIPE_FILE)):
        raise RecipeError(
            "recipe",
            f"{recipe_file} differs from the recipe that {run} was trained by in "
            f"{', '.join(other)}: change the export table, trust, limits and data alone, "
            "or train anew",
        )
    learn, judged = read_training_data(data, recipe)
    refuse_other_data(run, [*learn.samples, *judged.samples])
    check = stratified(judged.samples, COMPARED, recipe.seed, recipe.class_ids)
    calibration = stratified(
        learn.samples, recipe.export.calibration, recipe.seed, recipe.class_ids
    )
    fp32 = part / FP32_FILE
    model = keras.saving.load_model(run / MODEL_FILE, compile=False)
    onnx.save(to_onnx(networks.serving(model, recipe), recipe), fp32)
    size = recipe.input.size_px
    compare(
        model,
        fp32,
        load_inputs(check, size, "compare", recipe.framing),
        recipe.export.max_logit_difference,
    )
    calibrating = load_inputs(calibration, size, "calibrate", recipe.framing)
    quantize(fp32, part / INT8_FILE, calibrating, recipe.export)
    classes_alone = keras.Model(model.inputs, {LOGITS: model.output[LOGITS]})
    function = as_function(classes_alone, size, 1)
    (part / FP32_LITERT_FILE).write_bytes(to_litert(function))
    (part / INT8_LITERT_FILE).write_bytes(to_litert(function, calibrating))
    pictures = shown(recipe, learn, judged, strange)
    answers = partial(ask, part / INT8_FILE, outputs=[LOGITS, TEXTURES], title="trust")
    trust, arrays = as_manifest(choose(answers, pictures, recipe.trust))
    (part / TRUST_FILE).write_bytes(arrays)
    home = draw_home(
        part / INT8_FILE,
        learn.samples,
        judged.samples,
        recipe.class_ids,
        size,
        recipe.framing,
        recipe.seed,
    )
    (part / HOME_FILE).write_bytes(home.as_bytes())
    facts = {
        "trust": trust | {"coverage": recipe.trust.coverage, "chosen_on": pictures.counts()},
        "recipe_sha256": sha256(recipe_file),
        "settings": recipe.export.model_dump(),
        "card": recipe.model_dump(include=set(OF_CARD)),
        "model_sha256": model_sha256,
        "files": {file: sha256(part / file) for file in CONVERTED},
        **provenance(),
    }
    write_facts(part / EXPORT_FILE, facts)


def to_onnx(model: keras.Model, recipe: Recipe) -> onnx.ModelProto:
    """Convert a classifier, with a free batch size, its inputs `pictures`, its outputs by name."""
    function = as_function(model, recipe.input.size_px, None)
    converted, _ = tf2onnx.convert.from_function(
        function, input_signature=function.input_signature, opset=recipe.export.opset
    )
    return converted


def as_function(
    model: keras.Model, size_px: int, pictures: int | None
) -> tf.types.experimental.PolymorphicFunction:
    """Wrap a classifier as a TensorFlow function of uint8 pictures, any number of them for None."""
    signature = tf.TensorSpec((pictures, size_px, size_px, 3), tf.uint8, name="pictures")

    @tf.function(input_signature=[signature], autograph=False)
    def answer(pictures: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(pictures, training=False))

    return answer


def compare(model: keras.Model, file: Path, batch: Batch, limit: float) -> float:
    """Refuse an ONNX file whose logits differ from Keras's on the same pictures.

    Args:
        model: the origin.
        file: the ONNX file.
        batch: (n, size, size, 3) uint8 RGB, real cells.
        limit: largest difference of a logit that is allowed.

    Returns:
        The largest difference found.

    Raises:
        ExportError: it is above the limit, or a label differs.
    """
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    (theirs,) = session.run(["logits"], {"pictures": batch})
    ours: npt.NDArray[np.float32] = keras.ops.convert_to_numpy(model(batch, training=False)[LOGITS])
    difference = float(np.abs(ours - theirs).max())
    moved = int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum())
    if not difference <= limit or moved:  # NaN is no difference to pass
        raise ExportError(
            "export",
            f"{file.name} differs from Keras by {difference:.2g} (the recipe allows {limit:g}) and "
            f"names {moved} of {len(batch)} cells differently: try another opset",
        )
    return difference
