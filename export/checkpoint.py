"""A training taken up, kept and gone on with: what it needs after a break as if there were none."""

import json
import os
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from export.errors import ExportError
from export.provenance import provenance
from export.run import (
    CHECKPOINT_FILE,
    MODEL_FILE,
    PART_MODEL_FILE,
    TRAINING_FILE,
    sha256,
)

Figures = dict[str, Any]


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        origin: what decides the result: hashes of the recipe, the data and the first weights.
        begun_with: package versions and commit when it began.
        stage: the stage of the last finished epoch, empty before the first.
        done: finished epochs of all stages.
        best_epoch: the epoch that was kept, 0 before there is one.
        best_score: its share of right answers on validation cells.
        rows: a line of figures an epoch.
    """

    origin: Figures
    begun_with: Figures
    stage: str = ""
    done: int = 0
    best_epoch: int = 0
    best_score: float = -1.0
    rows: list[Figures] = field(default_factory=list)


def save(run: Path, model: keras.Model, progress: Progress) -> None:
    """Replace the run's checkpoint, whole or not at all."""
    arrays = _values("model", model.variables) | _values("optimizer", model.optimizer.variables)
    arrays["progress"] = np.array(json.dumps(asdict(progress)))
    part = run / f"{CHECKPOINT_FILE}.part"
    with part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(run / CHECKPOINT_FILE)


def progress_of(run: Path) -> Progress | None:
    """Read how far a broken-off training has come, None without a checkpoint.

    Raises:
        ExportError: the checkpoint cannot be read.
    """
    file = run / CHECKPOINT_FILE
    if not file.exists():
        return None
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return Progress(**json.loads(str(arrays["progress"])))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ExportError(
            "export", f"{file} cannot be read ({error}): train anew with --fresh"
        ) from error


def restore(run: Path, model: keras.Model) -> None:
    """Give a compiled model, and its optimizer, the values of the checkpoint."""
    model.optimizer.build(model.trainable_variables)
    with np.load(run / CHECKPOINT_FILE, allow_pickle=False) as arrays:
        for name, variables in (
            ("model", model.variables),
            ("optimizer", model.optimizer.variables),
        ):
            for i, variable in enumerate(variables):
                variable.assign(arrays[f"{name}_{i}"])


def _values(name: str, variables: Sequence[keras.Variable]) -> dict[str, npt.NDArray[Any]]:
    return {f"{name}_{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)}


def keep(run: Path, model: keras.Model) -> None:
    """Keep a network as the run's best, whole or not at all.

    Without the optimizer's state, three times the network, which nothing goes on from.
    """
    keras.Model(model.input, model.output, name=model.name).save(run / PART_MODEL_FILE)
    (run / PART_MODEL_FILE).replace(run / MODEL_FILE)


def identified(weights: str) -> str:
    """Name weights by the hash of their file, so that others of the same name are noticed."""
    return sha256(Path(weights)) if Path(weights).is_file() else weights


def begin(run: Path, origin: Figures, *, fresh: bool) -> Progress:
    """Take up a broken-off training, or begin one; another one is never overwritten unasked.

    Raises:
        ExportError: the folder holds a finished training, or a broken-off one of other origin.
    """
    found = None if fresh else progress_of(run)
    if found is None:
        if not fresh and (run / TRAINING_FILE).exists():
            raise ExportError(
                "export",
                f"{run} holds a finished training: take another --run, or --fresh to discard it "
                "(make: RUN=folder, FRESH=1)",
            )
        return Progress(origin, provenance())
    if found.origin != origin:
        other = ", ".join(key for key in origin if origin[key] != found.origin.get(key))
        raise ExportError(
            "export",
            f"{run} holds a broken-off training of another origin ({other}): take another --run, "
            "or --fresh to discard it (make: RUN=folder, FRESH=1)",
        )
    tell(f"going on after epoch {found.done} of the training in {run}")
    return found


def tell(line: str) -> None:
    """Write a line above a progress bar, where it cannot be mistaken for a result."""
    tqdm.write(line, file=sys.stderr)
