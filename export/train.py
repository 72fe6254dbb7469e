"""Transfer learning: a new head on a frozen backbone, then all of it, best epoch on validation."""

import csv
import io
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from export import checkpoint, networks
from export.batches import batches
from export.checkpoint import Figures, Progress, begin, identified, keep, tell
from export.curves import draw_curves
from export.data.fingerprint import fingerprint
from export.errors import RecipeError
from export.judge import judge
from export.lap_data import LapData, load_lap
from export.parts import BACKBONE, attribute_loss
from export.pseudo_labels import read_untyped, taught
from export.recipe import Recipe, load_recipe
from export.run import (
    CHECKPOINT_FILE,
    CURVES_FILE,
    LOG_FILE,
    MODEL_FILE,
    TRAINING_FILE,
    finished,
    prepare,
    refuse_origins,
    sha256,
    write_facts,
)
from export.schedule import TUNING, Epoch, pace, plan_epochs
from export.teacher import Teacher
from export.training_data import Split, read_training_data
from runtime.files import write_whole
from runtime.judgement import ATTRIBUTES, LOGITS
from runtime.lock import alone


def train(
    recipe_file: Path,
    data: Path,
    run: Path,
    weights: str,
    start: Path | None = None,
    blend: Path | None = None,
    *,
    teacher: Path | None = None,
    untyped: Sequence[Path] = (),
    fresh: bool = False,
) -> Path:
    """Train a classifier and keep its best epoch; a broken-off training goes on where it was.

    Args:
        recipe_file: every number of the run; a copy stays with it.
        data: the data set; one without splits is split by the recipe's seed.
        run: folder that receives the run's files, see `export.run`; made when missing.
        weights: as in `networks.build`.
        start: folder of a finished run to go on from; then `weights` are not read.
        blend: folder of another one, whose weights are averaged with those of `start`.
        teacher: folder of a finished run that names the cells without a class.
        untyped: data sets with such cells, which a recipe with the table `untyped` wants.
        fresh: discard what an earlier training left in the run's folder.

    Returns:
        The path of the saved model.

    Raises:
        RecipeError: the recipe, the weights or the start do not fit.
        DatasetError: the data set does not fit the recipe.
        ExportError: the run to start from or the teacher has not finished, or the run's folder
            holds another training, or is in use.
    """
    with alone(run):
        return _train(recipe_file, data, run, weights, start, blend, teacher, untyped, fresh=fresh)


def _train(
    recipe_file: Path,
    data: Path,
    run: Path,
    weights: str,
    start: Path | None,
    blend: Path | None,
    teacher: Path | None,
    untyped: Sequence[Path],
    *,
    fresh: bool,
) -> Path:
    recipe = load_recipe(recipe_file)
    refuse_origins(run, start, blend, teacher)
    _refuse_half_taught(recipe_file, recipe, teacher, untyped)
    before = finished(start) if start else None
    cells = read_untyped(untyped, recipe.untyped.leave_out if recipe.untyped else ())
    taught_by = {"teacher": finished(teacher), "untyped": fingerprint(cells)} if teacher else {}
    learn, check = read_training_data(data, recipe)
    facts = {
        "recipe_sha256": sha256(recipe_file),
        "seed": recipe.seed,
        "data": {"train": fingerprint(learn.samples), "val": fingerprint(check.samples)},
        "weights": None if before else identified(weights),
        "started_from": before,
        **({"blended_with": finished(blend)} if blend else {}),
    } | taught_by
    progress = begin(run, facts, fresh=fresh)
    keras.utils.set_random_seed(recipe.seed)
    model = networks.load(recipe, start, blend) if start else networks.build(recipe, weights)
    guide = Teacher(teacher, recipe) if teacher else None
    settings = recipe.untyped
    named = taught(guide, cells, recipe, settings) if guide and settings else None
    if not progress.done:  # now that nothing can be refused any more
        prepare(run, recipe_file)
    _fit(model, recipe, learn, check, named, guide, run, progress)
    best = {"best_epoch": progress.best_epoch, "model_sha256": sha256(run / MODEL_FILE)}
    write_facts(run / TRAINING_FILE, facts | progress.begun_with | best)
    (run / CHECKPOINT_FILE).unlink()
    return run / MODEL_FILE


def _refuse_half_taught(
    recipe_file: Path, recipe: Recipe, teacher: Path | None, untyped: Sequence[Path]
) -> None:
    """Refuse a recipe without the cells and the teacher that it is about, and these without it."""
    table, distilled = bool(recipe.untyped), bool(recipe.train.distilled)
    missing = {
        f"a table [untyped] in {recipe_file}": bool(untyped) and not table,
        f"a table [untyped] or train.distilled in {recipe_file}": bool(teacher)
        and not (table or distilled),
        "--untyped PATH": table and not untyped,
        "--teacher RUN": (table or distilled) and not teacher,
    }
    if names := [name for name, is_missing in missing.items() if is_missing]:
        raise RecipeError(
            "recipe",
            f"learning from a teacher needs also {' and '.join(names)} (make: UNTYPED=folders "
            "TEACHER=run)",
        )


def _fit(
    model: keras.Model,
    recipe: Recipe,
    learn: Split,
    check: Split,
    named: Split | None,
    teacher: Teacher | None,
    run: Path,
    progress: Progress,
) -> None:
    """Run the epochs that are left, each followed by a checkpoint.

    An own loop, because `Model.fit` overlaps augmentation and training on the same few cores,
    which made both several times slower.
    """
    plan, begun = plan_epochs(recipe), progress.done
    stage, lap, data = progress.stage, None, None
    if progress.done:
        _enter(model, recipe, stage, learn)
        checkpoint.restore(run, model)
        _log(run, progress)  # which a kill may have left an epoch behind
    for epoch in plan[progress.done :]:
        if epoch.stage != stage:
            stage = epoch.stage
            _enter(model, recipe, stage, learn)
        if data is None or epoch.lap != lap:
            lap, data = epoch.lap, load_lap(recipe, epoch.lap, learn, check, named)
        if progress.done == begun and keras.backend.backend() == "tensorflow":
            tell("compiling the network, which takes 1 to 5 minutes on a slow computer")
        start = time.monotonic()
        row = {"stage": stage, "epoch": epoch.number, "size_px": epoch.lap.size_px}
        row |= _learn(model, recipe, data, teacher, epoch, progress.done)
        learnt = model.get_weights()
        if stage == TUNING:  # the average of the last weights is what is judged and kept
            model.optimizer.finalize_variable_values(model.trainable_variables)
            model.set_weights(model.get_weights())  # copies: JAX reuses the arrays it is handed
        row |= judge(model, recipe, data, check)
        score = _score(recipe, row)
        # Only the last lap sees pictures of the size that the network will be given.
        last = stage == TUNING and epoch.lap == recipe.train.laps[-1]
        if last and score > progress.best_score:
            progress.best_epoch, progress.best_score = epoch.number, score
            keep(run, model)
        model.set_weights(learnt)
        progress.stage, progress.done = stage, progress.done + 1
        progress.rows.append(row | {"seconds": round(time.monotonic() - start)})
        checkpoint.save(run, model, progress)
        _log(run, progress)
        figures = list(progress.rows[-1].items())[2:]  # the epoch's stage and number come first
        tqdm.write("  ".join([str(epoch), *(f"{key} {value}" for key, value in figures)]))


def _enter(model: keras.Model, recipe: Recipe, stage: str, learn: Split) -> None:
    """Make the model ready for the epochs of a stage: what learns, and how fast."""
    numbers, tuning = recipe.train, stage == TUNING
    if tuning:
        model.get_layer(BACKBONE).trainable = True
    own = pace(recipe, stage, len(learn.labels))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, own.steps - own.warmup),
        warmup_target=numbers.rate if tuning else numbers.frozen_rate,
        warmup_steps=own.warmup,
    )
    losses = {
        LOGITS: keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=numbers.label_smoothing
        ),
        ATTRIBUTES: attribute_loss(recipe.attributes),
    }
    weights = {LOGITS: 1.0, ATTRIBUTES: numbers.attribute_weight}
    model.compile(
        optimizer=keras.optimizers.AdamW(
            schedule,
            weight_decay=numbers.weight_decay,
            use_ema=tuning,
            ema_momentum=own.momentum,
        ),
        loss={name: losses[name] for name in model.output},
        loss_weights={name: weights[name] for name in model.output},
        metrics={LOGITS: [keras.metrics.CategoricalAccuracy(name="accuracy")]},
        # With TensorFlow on a CPU, XLA makes depthwise convolutions many times slower.
        jit_compile=keras.backend.backend() != "tensorflow",
    )


def _learn(
    model: keras.Model,
    recipe: Recipe,
    data: LapData,
    teacher: Teacher | None,
    epoch: Epoch,
    number: int,
) -> Figures:
    """Learn from every training picture once; `number` counts the epochs of both stages."""
    share = recipe.train.distilled
    bar = tqdm(
        batches(data.frames, recipe, epoch.lap, number, data.untyped, data.styles),
        str(epoch),
        max(1, len(data.frames.labels) // recipe.labelled_in_batch),
        unit="batch",
        disable=None,
        leave=False,
    )
    accuracy_name = "accuracy" if len(model.output) == 1 else f"{LOGITS}_accuracy"
    seen = []
    for pictures, targets, weights in bar:
        told = teacher.blend(pictures, targets, share) if teacher and share else targets
        figures = model.train_on_batch(pictures, told, weights, return_dict=True)
        seen.append((figures["loss"], figures[accuracy_name]))
        loss, accuracy = np.mean(seen, axis=0)
        bar.set_postfix(loss=f"{loss:.3f}", accuracy=f"{accuracy:.3f}")
    return {"loss": round(float(loss), 4), "accuracy": round(float(accuracy), 4)}


def _score(recipe: Recipe, row: Figures) -> float:
    share = recipe.train.shifted_share
    return float((1 - share) * row["val_accuracy"] + share * row["shifted_accuracy"])


def _log(run: Path, progress: Progress) -> None:
    """Write the log anew, so that it and the checkpoint tell of the same epochs, and draw it."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, progress.rows[0])
    writer.writeheader()
    writer.writerows(progress.rows)
    write_whole(run / LOG_FILE, stream.getvalue().encode())
    epochs = [(row["stage"], row["epoch"]) for row in progress.rows]
    best = (TUNING, progress.best_epoch)
    draw_curves(progress.rows, run / CURVES_FILE, epochs.index(best) if best in epochs else None)
