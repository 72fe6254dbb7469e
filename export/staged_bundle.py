"""A bundle in the making: its manifest and files, in a folder that takes its place when whole."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from export.data.samples import Sample
from export.errors import ExportError
from export.place import write
from export.recipe import Recipe
from export.run import (
    FP32_FILE,
    FP32_LITERT_FILE,
    HOME_FILE,
    INT8_FILE,
    INT8_LITERT_FILE,
    MODEL_FILE,
    RECIPE_FILE,
    TRAINING_FILE,
    TRUST_FILE,
    sha256,
)
from runtime.answers import to_json
from runtime.bundle import SCHEMA, Bundle, list_bundles, read_bundle
from runtime.engine import Engine
from runtime.errors import BundleError
from runtime.synthetic import draw_cell

GOLDEN_FILE = "golden.png"
# Kernels of other processors round differently; a damaged network is off by far more.
GOLDEN_TOLERANCE = 0.05
VARIANTS = {"int8": INT8_FILE, "fp32": FP32_FILE}
# Another training can start from these, or take them as its teacher.
OF_RUN = {"recipe": RECIPE_FILE, "model": MODEL_FILE, "facts": TRAINING_FILE}

Manifest = dict[str, Any]


def older(place: Path) -> Bundle | None:
    """Read the bundle that will be replaced, if there is one.

    Raises:
        ExportError: something else is in its place.
    """
    if not place.exists():
        return None
    try:
        return read_bundle(place)
    except BundleError as error:
        raise ExportError(
            "export", f"{place} is not a bundle that can be replaced ({error}): move it away"
        ) from error


def next_version(before: Bundle | None) -> str:
    """Raise the minor number of a bundle's version, or start at 1.0.0."""
    if before is None:
        return "1.0.0"
    major, minor, _ = before.version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def refuse_two_defaults(models: Path, place: Path, task: str = "classify") -> None:
    """Refuse to make a bundle the default of its task beside another one.

    Raises:
        ExportError: another bundle in the folder is the default.
    """
    for bundle in list_bundles(models):
        if not isinstance(bundle, Bundle) or bundle.task != task:
            continue
        if bundle.is_default and bundle.path != place:
            raise ExportError(
                "export",
                f"{bundle.path} is the default already: publish without --default and name the "
                "new bundle with --model, or remove the other one",
            )


def new_manifest(recipe: Recipe, version: str, *, default: bool) -> Manifest:
    """Begin the manifest of a bundle with what its recipe tells."""
    # By its nucleus each picture has a window, and so a scale, of its own.
    window_um = None if recipe.framing else recipe.input.frame_um
    return {
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
            "frame_um": recipe.input.frame_um,
            "window_um": window_um,
            "um_per_px": window_um and window_um / recipe.input.size_px,
            "framing": recipe.framing and dataclasses.asdict(recipe.framing),
        },
        "variants": {"default": "int8"},
        "trust": None,
        "attributes": [],
        "metrics": {},
    }


def attributes_of(recipe: Recipe, learnt: Sequence[Sample]) -> list[dict[str, Any]]:
    """Describe the attributes, each with the classes of the cells that taught it."""
    of: dict[str, set[str]] = {a.id: set() for a in recipe.attributes}
    for sample in learnt:
        for name, _ in sample.attributes:
            of.get(name, set()).add(sample.label)
    return [a.model_dump() | {"of": sorted(of[a.id])} for a in recipe.attributes]


def stage_run(manifest: Manifest, run: Path, staged: Path, seed: int) -> None:
    """Write what a converted run left, and a golden picture with its answers.

    Args:
        manifest: that of `new_manifest` with `training`, the facts of the run.
        run: its folder.
        staged: folder of the bundle.
        seed: of the golden picture.
    """
    for name, file in VARIANTS.items():
        stage_file(manifest["variants"], name, file, (run / file).read_bytes(), staged)
    trust = manifest["training"]["export"].pop("trust")
    stage_file(manifest, "trust", TRUST_FILE, (run / TRUST_FILE).read_bytes(), staged)
    manifest["trust"] |= trust
    stage_file(manifest, "home", HOME_FILE, (run / HOME_FILE).read_bytes(), staged)
    manifest["comparison"] = {
        "litert": stage_copies(
            run, staged / "comparison", {"int8": INT8_LITERT_FILE, "fp32": FP32_LITERT_FILE}
        )
    }
    manifest["run"] = stage_copies(run, staged / "run", OF_RUN)
    golden = staged / GOLDEN_FILE
    Image.fromarray(draw_cell("neutrophil", seed)).save(golden, optimize=True)
    write(golden, golden.read_bytes())
    manifest["golden"] = {
        "file": GOLDEN_FILE,
        "sha256": sha256(golden),
        "tolerance": GOLDEN_TOLERANCE,
        "probabilities": {},
    }
    answer_golden(manifest, staged)


def stage_file(manifest: Manifest, key: str, file: str, content: bytes, staged: Path) -> None:
    """Write a file of a bundle and describe it under a key of the manifest."""
    write(staged / file, content)
    manifest[key] = {"file": file, "sha256": sha256(staged / file), "bytes": len(content)}


def answer_golden(manifest: Manifest, staged: Path) -> None:
    """Let `runtime` answer the staged golden picture, and write the manifest with its answers."""
    write_manifest(manifest, staged)
    golden = staged / manifest["golden"]["file"]
    manifest["golden"]["probabilities"] = {
        name: dict(Engine.load(staged, name).classify(golden).probabilities) for name in VARIANTS
    }
    write_manifest(manifest, staged)


def write_manifest(manifest: Manifest, staged: Path) -> None:
    """Write the manifest into a staged bundle."""
    write(staged / "manifest.json", json.dumps(to_json(manifest), indent=1).encode() + b"\n")


def stage_copies(run: Path, folder: Path, files: Mapping[str, str]) -> Manifest:
    """Copy files of a run that the runtime does not read, and describe each under its key."""
    folder.mkdir()
    copied = Manifest()
    for key, file in files.items():
        stage_file(copied, key, f"{folder.name}/{file}", (run / file).read_bytes(), folder.parent)
    return copied
