"""Training a detector from ImageNet weights; the epoch that finds validation cells best is kept."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from export import checkpoint
from export.checkpoint import Progress, begin, identified, keep
from export.data.fields import Field
from export.data.fingerprint import fingerprint
from export.detector import network
from export.detector.batches import batches, styles
from export.detector.judge import judge
from export.detector.log import write_log
from export.detector.losses import heat_loss, sides_loss
from export.detector.parts import HEAT, SIDES
from export.detector.recipe import DetectorRecipe, load_detector_recipe
from export.detector.scenes import (
    Scene,
    draw_blanks,
    fields_of,
    load_scenes,
    marked,
    read_fields,
)
from export.errors import ExportError
from export.run import (
    CHECKPOINT_FILE,
    MODEL_FILE,
    TRAINING_FILE,
    finished,
    prepare,
    refuse_origins,
    sha256,
    write_facts,
)
from runtime.lock import alone

STAGE = "training"
CLIPPED = 10.0  # norm of the gradient: a box that is far off early on would throw all else away


def train(
    recipe_file: Path,
    data: Sequence[Path],
    run: Path,
    weights: str,
    start: Path | None = None,
    blend: Path | None = None,
    *,
    fresh: bool = False,
) -> Path:
    """Train a detector and keep its best epoch; a broken-off training goes on where it was.

    Args:
        recipe_file: every number of the run; a copy stays with it.
        data: data sets of fields with boxes, each with a train and a val split.
        run: folder that receives the run's files, see `export.run`; made when missing.
        weights: as in `export.networks.pretrained`.
        start: folder of a finished run to go on from; then `weights` are not read.
        blend: folder of another one, whose weights are averaged with those of `start`.
        fresh: discard what an earlier training left in the run's folder.

    Returns:
        The path of the saved model.

    Raises:
        RecipeError: the recipe or the weights do not fit.
        DatasetError: a data set does not fit.
        ExportError: the run to start from has not finished, or the run's folder holds another
            training, or is in use.
    """
    with alone(run):
        return _train(recipe_file, data, run, weights, start, blend, fresh=fresh)


def _train(
    recipe_file: Path,
    data: Sequence[Path],
    run: Path,
    weights: str,
    start: Path | None,
    blend: Path | None,
    *,
    fresh: bool,
) -> Path:
    refuse_origins(run, start, blend)
    recipe = load_detector_recipe(recipe_file)
    before = finished(start) if start else None
    splits = read_splits(data, recipe, ("train", "val"))
    facts = {
        "recipe_sha256": sha256(recipe_file),
        "seed": recipe.seed,
        "data": fingerprints(splits),
        "weights": None if before else identified(weights),
        "started_from": before,
        **({"blended_with": finished(blend)} if blend else {}),
    }
    progress = begin(run, facts, fresh=fresh)
    keras.utils.set_random_seed(recipe.seed)
    model = network.load(recipe, start, blend) if start else network.build(recipe, weights)
    if not progress.done:
        prepare(run, recipe_file)
    learn, check = (
        {
            name: load_scenes(of[split], recipe.shape_px, f"{name}, {split}")
            for name, of in splits.items()
        }
        for split in ("train", "val")
    )
    _fit(model, recipe, learn, check, run, progress)
    best = {"best_epoch": progress.best_epoch, "model_sha256": sha256(run / MODEL_FILE)}
    write_facts(run / TRAINING_FILE, facts | progress.begun_with | best)
    (run / CHECKPOINT_FILE).unlink()
    return run / MODEL_FILE


def read_splits(
    data: Sequence[Path], recipe: DetectorRecipe, wanted: Sequence[str]
) -> dict[str, dict[str, list[Field]]]:
    """Read the fields of data sets: name of the set to split to fields.

    Raises:
        DatasetError: a set cannot be read or lacks a split.
    """
    found = {}
    for folder in data:
        fields = read_fields(folder, recipe.seed)
        found[folder.resolve().name] = {s: fields_of(fields, s, folder) for s in wanted}
    return found


def fingerprints(splits: dict[str, dict[str, list[Field]]]) -> dict[str, Any]:
    """Identify the splits of all sets together, by split."""
    names = next(iter(splits.values()))
    return {
        split: fingerprint([s for of in splits.values() for s in marked(of[split])])
        for split in names
        if split in ("train", "val")
    }


def refuse_other_fields(run: Path, splits: dict[str, dict[str, list[Field]]]) -> None:
    """Refuse data that are not those that a run learnt from and was judged by.

    Raises:
        ExportError: they differ, so that fields that were learnt might be measured on.
    """
    expected = finished(run)["data"]
    for split, found in fingerprints(splits).items():
        if found["sha256"] != expected.get(split, {}).get("sha256"):
            raise ExportError(
                "export",
                f"the {split} split is not the one that {run} was trained with: pass the same "
                "--data in the same order, or train again",
            )


def _fit(
    model: keras.Model,
    recipe: DetectorRecipe,
    learn: dict[str, list[Scene]],
    check: dict[str, list[Scene]],
    run: Path,
    progress: Progress,
) -> None:
    """Run the epochs that are left, each followed by a checkpoint."""
    _compile(model, recipe)
    if progress.done:
        checkpoint.restore(run, model)
    sets = list(learn.values())
    colors = styles([scene for scenes in sets for scene in scenes])
    blanks = draw_blanks(recipe.shape_px, recipe.seed) if recipe.vary.blank_share else []
    for epoch in range(progress.done + 1, recipe.train.epochs + 1):
        start = time.monotonic()
        losses = _learn(model, batches(sets, colors, recipe, epoch, blanks), recipe, epoch)
        learnt = model.get_weights()
        # The average of the last weights is what is judged and kept.
        model.optimizer.finalize_variable_values(model.trainable_variables)
        model.set_weights(model.get_weights())  # copies: JAX reuses the arrays it is handed
        row = {"epoch": epoch, **losses, **judge(model, check, recipe)}
        if row["score"] > progress.best_score:
            progress.best_epoch, progress.best_score = epoch, row["score"]
            keep(run, model)
        model.set_weights(learnt)
        progress.stage, progress.done = STAGE, epoch
        progress.rows.append(row | {"seconds": round(time.monotonic() - start)})
        checkpoint.save(run, model, progress)
        write_log(run, progress)
        tqdm.write("  ".join(f"{key} {value}" for key, value in progress.rows[-1].items()))


def _compile(model: keras.Model, recipe: DetectorRecipe) -> None:
    numbers = recipe.train
    steps = numbers.epochs * numbers.steps
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - numbers.warmup_steps),
        warmup_target=numbers.rate,
        warmup_steps=numbers.warmup_steps,
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(
            schedule,
            weight_decay=numbers.weight_decay,
            use_ema=True,
            ema_momentum=numbers.ema,
            global_clipnorm=CLIPPED,
        ),
        loss={HEAT: heat_loss, SIDES: sides_loss},
        loss_weights={HEAT: 1.0, SIDES: numbers.box_weight},
        # With TensorFlow on a CPU, XLA makes depthwise convolutions many times slower.
        jit_compile=keras.backend.backend() != "tensorflow",
    )


def _learn(model: keras.Model, views: Any, recipe: DetectorRecipe, epoch: int) -> dict[str, float]:
    title = f"epoch {epoch}/{recipe.train.epochs}"
    bar = tqdm(views, title, recipe.train.steps, unit="batch", disable=None, leave=False)
    seen = []
    for pictures, targets in bar:
        # One step's result: `train_on_batch` itself averages over the epoch.
        model.reset_metrics()
        found = model.train_on_batch(pictures, targets, return_dict=True)
        seen.append((found[f"{HEAT}_loss"], found[f"{SIDES}_loss"]))
        heat, sides = np.mean(seen, axis=0)
        bar.set_postfix(heat=f"{heat:.3f}", boxes=f"{sides:.3f}")
    sys.stderr.flush()
    return {"heat_loss": round(float(heat), 4), "box_loss": round(float(sides), 4)}
