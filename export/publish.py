"""Build a bundle, measure it through `runtime`, and put it in its place whole or not at all."""

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from export.card import card
from export.convert import FP32_FILE, INT8_FILE
from export.datasets import Sample, fingerprint, of_split, read_samples
from export.errors import ExportError
from export.evaluate import Comparison, answer_all, compare, evaluate, report
from export.recipe import Recipe, load_recipe
from export.train import RECIPE_FILE, TRAINING_FILE
from runtime.answers import to_json
from runtime.bundle import SCHEMA, read_bundle
from runtime.engine import Engine
from runtime.errors import BundleError
from runtime.synthetic import draw_cell

GOLDEN_FILE = "golden.png"
# Kernels of other processors round differently; a damaged network is off by far more.
GOLDEN_TOLERANCE = 0.05
VARIANTS = {"int8": INT8_FILE, "fp32": FP32_FILE}

Manifest = dict[str, Any]


def publish(run: Path, data: Path, others: Sequence[Path], models: Path, *, default: bool) -> Path:
    """Publish the networks of a run as a bundle, with the proof that it is right.

    Args:
        run: folder of the run, with the converted networks, the recipe and `training.json`.
        data: the data set; `val` compares int8 with fp32, `test` is the published figure.
        others: further labelled folders that are reported beside it, all of their pictures.
        models: folder that receives the bundle under the recipe's name.
        default: whether this bundle answers when none is named.

    Returns:
        The bundle's folder.

    Raises:
        ExportError: a file of the run is missing, or int8 falls behind fp32 by more than the
            recipe allows; then nothing is published.
        DatasetError: the data set does not fit.
    """
    recipe = load_recipe(run / RECIPE_FILE)
    samples = read_samples(data)
    held_out = {data.name: of_split(samples, "test")} | {o.name: read_samples(o) for o in others}
    place = models / recipe.name
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{recipe.name}-", dir=models) as folder:
        staged = Path(folder) / recipe.name
        staged.mkdir()
        manifest = _stage(recipe, run, staged, _next_version(place), default=default)
        comparison = _gate(recipe, staged, of_split(samples, "val"))
        manifest["metrics"] = _metrics(staged, data.name, comparison, held_out)
        manifest["training"]["data"] |= {name: fingerprint(own) for name, own in held_out.items()}
        _write(staged / "manifest.json", json.dumps(to_json(manifest), indent=1).encode() + b"\n")
        _write(staged / "CARD.md", card(manifest).encode())
        _sync(staged)
        _replace(staged, place)
    return place


def _stage(recipe: Recipe, run: Path, staged: Path, version: str, *, default: bool) -> Manifest:
    """Write networks, golden picture and a first manifest, good enough for `runtime` to load."""
    training = json.loads(_read(run / TRAINING_FILE))
    variants: dict[str, Any] = {}
    for name, file in VARIANTS.items():
        content = _read(run / file)
        _write(staged / file, content)
        digest = hashlib.sha256(content).hexdigest()
        variants[name] = {"file": file, "sha256": digest, "bytes": len(content)}
    variants["default"] = "int8"
    Image.fromarray(draw_cell("neutrophil", recipe.seed)).save(staged / GOLDEN_FILE, optimize=True)
    golden = (staged / GOLDEN_FILE).read_bytes()
    manifest: Manifest = {
        "schema": SCHEMA,
        "name": recipe.name,
        "title": recipe.title,
        "version": version,
        "task": "classify",
        "default": default,
        "classes": [dataclasses.asdict(c) for c in recipe.classes],
        "input": {
            "size": recipe.input.size_px,
            "layout": "NHWC",
            "dtype": "uint8",
            "color": "RGB",
            "window_um": recipe.input.frame_um,
            "um_per_px": recipe.input.frame_um / recipe.input.size_px,
        },
        "variants": variants,
        "trust": None,
        "training": training,
        "metrics": {},
        "golden": {
            "file": GOLDEN_FILE,
            "sha256": hashlib.sha256(golden).hexdigest(),
            "tolerance": GOLDEN_TOLERANCE,
            "probabilities": {},
        },
    }
    _write(staged / "manifest.json", json.dumps(manifest).encode())
    for name in VARIANTS:
        answer = Engine.load(staged, name).classify(staged / GOLDEN_FILE)
        manifest["golden"]["probabilities"][name] = dict(answer.probabilities)
    return manifest


def _gate(recipe: Recipe, staged: Path, samples: Sequence[Sample]) -> Comparison:
    """Refuse an int8 network that falls behind fp32 on the validation split."""
    fp32, int8 = (
        answer_all(Engine.load(staged, variant), samples, f"val, {variant}")
        for variant in ("fp32", "int8")
    )
    found = compare(samples, fp32, int8)
    limits = recipe.export
    if found.points_lost > limits.max_points_lost or found.agreement < limits.min_agreement:
        raise ExportError(
            "export",
            f"int8 loses {found.points_lost:.2f} points against fp32 (the recipe allows "
            f"{limits.max_points_lost:g}) and agrees on {100 * found.agreement:.2f} % of the "
            f"validation pictures (at least {100 * limits.min_agreement:g} %): nothing was "
            "published; try another calibration_method or more calibration pictures",
        )
    return found


def _metrics(
    staged: Path,
    home: str,
    comparison: Comparison,
    held_out: dict[str, list[Sample]],
) -> dict[str, Any]:
    metrics: dict[str, Any] = {home: {"val": {"int8_vs_fp32": dataclasses.asdict(comparison)}}}
    for name, samples in held_out.items():
        split = "test" if name == home else "all"
        found = metrics.setdefault(name, {}).setdefault(split, {})
        for variant in VARIANTS:
            title = f"{name} {split}, {variant}"
            engine = Engine.load(staged, variant)
            measured = evaluate(samples, answer_all(engine, samples, title))
            print(report(title, measured), end="\n\n")  # noqa: T201 the figures are the point
            found[variant] = dataclasses.asdict(measured)
    return metrics


def _next_version(place: Path) -> str:
    """Raise the minor number of the published bundle's version, or start at 1.0.0."""
    if not place.exists():
        return "1.0.0"
    try:
        major, minor, _ = read_bundle(place).version.split(".")
        return f"{major}.{int(minor) + 1}.0"
    except (BundleError, ValueError) as error:
        raise ExportError(
            "export", f"{place} is not a bundle that can be replaced ({error}): move it away"
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExportError(
            "export", f"{path} is missing ({error.strerror}): run train and convert first"
        ) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    """Bring a folder's names to the disk; Windows has no such call and needs none."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        os.fsync(handle)
        os.close(handle)


def _replace(staged: Path, place: Path) -> None:
    """Put the new bundle where the old one was; two renames, so a cut leaves a whole one."""
    old = staged.with_name("old")
    if place.exists():
        place.rename(old)
    try:
        staged.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    _sync(place.parent)
    shutil.rmtree(old, ignore_errors=True)
