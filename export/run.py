"""The folder of a training run: which files it holds, and that they belong together.

`recipe.toml log.csv curves.png model.keras training.json` come from training, `checkpoint.npz` is
there while it lasts, `model.*.onnx model.*.tflite export.json` come from conversion, which fills
`converted.part` first. The two JSON
files name the files before them by hash, so that a run that was broken off or mixed with another
is noticed instead of published.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from export.data.fingerprint import fingerprint
from export.data.samples import Sample
from export.data.selection import of_split
from export.errors import ExportError
from runtime.files import PART

RECIPE_FILE = "recipe.toml"
MODEL_FILE = "model.keras"
PART_MODEL_FILE = "model.part.keras"  # Keras wants the ending
TRAINING_FILE = "training.json"
FP32_FILE = "model.fp32.onnx"
INT8_FILE = "model.int8.onnx"
FP32_LITERT_FILE = "model.fp32.tflite"
INT8_LITERT_FILE = "model.int8.tflite"
TRUST_FILE = "trust.npz"
HOME_FILE = "home.npz"
CONVERTED = (FP32_FILE, INT8_FILE, FP32_LITERT_FILE, INT8_LITERT_FILE, TRUST_FILE, HOME_FILE)
EXPORT_FILE = "export.json"
PART_CONVERTED_FOLDER = "converted.part"
LOG_FILE = "log.csv"
CURVES_FILE = "curves.png"
CHECKPOINT_FILE = "checkpoint.npz"
PRODUCTS = (
    CHECKPOINT_FILE,  # first, so that what is cut off here is not gone on from
    f"{CHECKPOINT_FILE}.part",
    PART_MODEL_FILE,
    MODEL_FILE,
    TRAINING_FILE,
    *CONVERTED,
    EXPORT_FILE,
    LOG_FILE,
    CURVES_FILE,
)

# What must be among the facts, and as what.
TRAINED = {"recipe_sha256": str, "data": dict, "model_sha256": str}
EXPORTED = {"model_sha256": str, "files": dict}
OF_SYSTEMS = (".DS_Store", "Thumbs.db", "desktop.ini")  # which put them where people look


def prepare(run: Path, recipe_file: Path) -> None:
    """Make the folder ready for training: no products of an earlier run, and the recipe.

    Raises:
        ExportError: the folder holds other files than those of a run.
    """
    run.mkdir(parents=True, exist_ok=True)
    own = {RECIPE_FILE, PART_CONVERTED_FOLDER, *PRODUCTS, *OF_SYSTEMS}
    parts = {p for p in run.glob(f"{PART}*") if p.is_file()}  # left by a kill
    if foreign := sorted({p.name for p in {*run.iterdir()} - parts} - own):
        raise ExportError(
            "export", f"{run} holds {foreign[0]}, which is not of a run: take another --run"
        )
    for file in (*(run / product for product in PRODUCTS), *parts):
        file.unlink(missing_ok=True)
    shutil.rmtree(run / PART_CONVERTED_FOLDER, ignore_errors=True)
    if recipe_file.resolve() != (run / RECIPE_FILE).resolve():
        shutil.copyfile(recipe_file, run / RECIPE_FILE)


@contextmanager
def converting(run: Path, files: Sequence[str] = CONVERTED) -> Iterator[Path]:
    """Give a folder for the products of a conversion; they come into the run if none is refused.

    They replace those of an earlier conversion, the facts last, so that a cut between is noticed.
    """
    part = run / PART_CONVERTED_FOLDER
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        for file in (*files, EXPORT_FILE):
            (part / file).replace(run / file)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def finished(run: Path) -> dict[str, Any]:
    """Read the facts of a run whose training has come to its end.

    Raises:
        ExportError: it has not, or the model is not the one that the facts describe.
    """
    facts = _facts(run, TRAINING_FILE, TRAINED, "train it first, to the end")
    _same(run, MODEL_FILE, facts["model_sha256"])
    _same(run, RECIPE_FILE, facts["recipe_sha256"])
    return facts


def refuse_origins(
    run: Path, start: Path | None, blend: Path | None, teacher: Path | None = None
) -> None:
    """Refuse a training that would learn from its own folder, or blend with nothing.

    Raises:
        ExportError: as said.
    """
    if blend and not start:
        raise ExportError("export", f"{blend} is to be averaged with a run: name it with --start")
    origins = {"to start from": start, "to be averaged": blend, "that names cells": teacher}
    for is_for, other in origins.items():
        if other and other.resolve() == run.resolve():
            raise ExportError("export", f"{run} is the run {is_for}: take another --run")


def refuse_other_data(run: Path, samples: Sequence[Sample]) -> None:
    """Refuse data that are not those that the run learnt from and was judged by.

    Raises:
        ExportError: they differ, so that pictures that were learnt might be measured on.
        DatasetError: a split is missing.
    """
    for split, expected in finished(run)["data"].items():
        if fingerprint(of_split(samples, split))["sha256"] != expected["sha256"]:
            raise ExportError(
                "export",
                f"the {split} split is not the one that {run} was trained with: pass the same "
                "--data, or train again",
            )


def converted(run: Path, files: Sequence[str] = CONVERTED) -> dict[str, Any]:
    """Read the facts of the conversion of a finished run, which made these files.

    Raises:
        ExportError: it is missing, or its files are not those of this run.
    """
    training, facts = finished(run), _facts(run, EXPORT_FILE, EXPORTED, "convert it first")
    if facts["model_sha256"] != training["model_sha256"]:
        raise ExportError("export", f"{run} was trained anew since: convert it again")
    for file in files:
        _same(run, file, facts["files"].get(file))
    return facts


def write_facts(file: Path, facts: dict[str, Any]) -> None:
    """Write facts as JSON."""
    file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    """Return the hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _facts(run: Path, file: str, needed: Mapping[str, type], step: str) -> dict[str, Any]:
    cause = None
    try:
        facts = json.loads((run / file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        facts, cause = None, error
    if not isinstance(facts, dict) or not all(
        isinstance(facts.get(key), kind) for key, kind in needed.items()
    ):
        raise ExportError("export", f"{run} holds no {file} that can be read: {step}") from cause
    return facts


def _same(run: Path, file: str, expected: str | None) -> None:
    if not (run / file).is_file() or sha256(run / file) != expected:
        raise ExportError(
            "export", f"{run / file} is missing or is not of this run: train and convert it again"
        )
