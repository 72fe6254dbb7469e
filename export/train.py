"""Transfer learning: a new head on a frozen backbone, then all of it, best epoch on validation."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from export import networks
from export.augment import augment
from export.datasets import fingerprint, load_inputs, of_split, read_samples, targets
from export.provenance import provenance
from export.recipe import Recipe, load_recipe
from export.run import (
    LOG_FILE,
    MODEL_FILE,
    TRAINING_FILE,
    finished,
    prepare,
    sha256,
    write_facts,
)
from runtime.preprocess import Batch

Arrays = tuple[Batch, npt.NDArray[np.float32], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Frames:
    """A training split in memory: (n, frame_px, frame_px, 3) uint8 and (n,) class numbers."""

    pictures: Batch
    labels: npt.NDArray[np.int64]


def train(
    recipe_file: Path, data: Path, run: Path, weights: str, start: Path | None = None
) -> Path:
    """Train a classifier and keep its best epoch.

    Args:
        recipe_file: every number of the run; a copy stays with it.
        data: folder of the data set, with the splits train and val.
        run: folder that receives the run's files, see `export.run`; made when missing, products of
            an earlier run in it are removed.
        weights: as in `networks.build`.
        start: folder of a finished run to go on from; then `weights` are not read.

    Returns:
        The path of the saved model.

    Raises:
        RecipeError: the recipe, the weights or the start do not fit.
        DatasetError: the data set does not fit the recipe.
        ExportError: the run to start from has not finished.
    """
    recipe = load_recipe(recipe_file)
    origin = {"recipe_sha256": sha256(recipe_file), "seed": recipe.seed, **provenance()}
    before = finished(start) if start else None
    keras.utils.set_random_seed(recipe.seed)
    model = networks.load(recipe, start / MODEL_FILE) if start else networks.build(recipe, weights)
    samples = read_samples(data)
    learn, check = of_split(samples, "train"), of_split(samples, "val")
    size, frame = recipe.input.size_px, recipe.input.frame_px
    frames = Frames(load_inputs(learn, frame, "train"), targets(learn, recipe.class_ids))
    validation = (load_inputs(check, size, "val"), targets(check, recipe.class_ids))

    prepare(run, recipe_file)
    _fit(model, recipe, frames, validation, run, stage="frozen")
    networks.unfreeze(model)
    best = _fit(model, recipe, frames, validation, run, stage="fine-tuning")
    write_facts(
        run / TRAINING_FILE,
        origin
        | {
            "data": {"train": fingerprint(learn), "val": fingerprint(check)},
            "best_epoch": best,
            "model_sha256": sha256(run / MODEL_FILE),
            "started_from": before,
        },
    )
    return run / MODEL_FILE


def class_weights(labels: npt.NDArray[np.int64], recipe: Recipe) -> npt.NDArray[np.float32]:
    """Weigh rare classes more: (share of an even split / share) ** power, 1 on average."""
    counts = np.bincount(labels, minlength=len(recipe.classes)).clip(min=1)
    weights = (counts.mean() / counts) ** recipe.train.class_weight_power
    return np.asarray(weights / weights[labels].mean(), dtype=np.float32)


def batches(frames: Frames, recipe: Recipe, epoch: int) -> Iterator[Arrays]:
    """Shuffle and augment one epoch; seed, epoch and place decide all chance.

    Yields:
        Pictures (batch, size, size, 3) uint8, one-hot targets and sample weights; the pictures
        that do not fill a last batch are left out of the epoch.
    """
    weights = class_weights(frames.labels, recipe)
    one_hot = np.eye(len(recipe.classes), dtype=np.float32)
    order = np.random.default_rng((recipe.seed, epoch)).permutation(len(frames.labels))
    size = min(recipe.train.batch, len(order))
    for start in range(0, len(order) - size + 1, size):
        picked = order[start : start + size]
        rng = np.random.default_rng((recipe.seed, epoch, start))
        pictures = augment(
            frames.pictures[picked],
            recipe.input.size_px,
            recipe.augment,
            recipe.input.frame_um,
            rng,
        )
        labels = frames.labels[picked]
        yield pictures, one_hot[labels], weights[labels]


def _fit(
    model: keras.Model,
    recipe: Recipe,
    frames: Frames,
    validation: tuple[Batch, npt.NDArray[np.int64]],
    run: Path,
    stage: str,
) -> int:
    """Run one stage and return its best epoch; fine-tuning judges and keeps averaged weights.

    An own loop, because `Model.fit` overlaps augmentation and training on the same few cores,
    which made both several times slower.
    """
    numbers, tuning = recipe.train, stage == "fine-tuning"
    epochs = numbers.epochs if tuning else numbers.frozen_epochs
    steps = max(1, len(frames.labels) // numbers.batch)
    _compile(model, recipe, numbers.rate if tuning else numbers.frozen_rate, epochs * steps, tuning)
    best_epoch, best_accuracy = 0, -1.0
    for epoch in range(epochs):
        start = time.monotonic()
        seen = []
        seed_epoch = epoch + (numbers.frozen_epochs if tuning else 0)
        bar = tqdm(
            batches(frames, recipe, seed_epoch),
            f"{stage} {epoch + 1}/{epochs}",
            steps,
            unit="batch",
            disable=None,
            leave=False,
        )
        for arrays in bar:
            seen.append(model.train_on_batch(*arrays))
            loss, learnt = np.mean(seen, axis=0)
            bar.set_postfix(loss=f"{loss:.3f}", accuracy=f"{learnt:.3f}")
        weights = model.get_weights()
        if tuning:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        accuracy = _accuracy(model, validation)
        if tuning and accuracy > best_accuracy:
            best_epoch, best_accuracy = epoch + 1, accuracy
            model.save(run / MODEL_FILE)
        model.set_weights(weights)
        row = {
            "stage": stage,
            "epoch": epoch + 1,
            "loss": f"{loss:.4f}",
            "accuracy": f"{learnt:.4f}",
            "val_accuracy": f"{accuracy:.4f}",
            "seconds": f"{time.monotonic() - start:.0f}",
        }
        _log(run / LOG_FILE, row)
        tqdm.write("  ".join(f"{key} {value}" for key, value in row.items()))
    return best_epoch


def _compile(model: keras.Model, recipe: Recipe, rate: float, steps: int, averaged: bool) -> None:
    warmup = min(recipe.train.warmup_steps, steps // 2)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(
            schedule,
            weight_decay=recipe.train.weight_decay,
            use_ema=averaged,
            ema_momentum=recipe.train.ema,
        ),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.train.label_smoothing
        ),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=False,  # XLA makes depthwise convolutions many times slower on a CPU
    )


def _accuracy(model: keras.Model, validation: tuple[Batch, npt.NDArray[np.int64]]) -> float:
    pictures, labels = validation
    logits = np.concatenate(
        [model.predict_on_batch(part) for part in np.array_split(pictures, len(labels) // 64 + 1)]
    )
    return float((logits.argmax(axis=1) == labels).mean())


def _log(file: Path, row: dict[str, Any]) -> None:
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
