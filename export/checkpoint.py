"""All that a broken-off training needs to go on as if nothing had happened, in one file."""

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from export.errors import ExportError
from export.run import CHECKPOINT_FILE

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
