"""Build a detector's bundle, measure it through `runtime`, and publish it, or say why not."""

import dataclasses
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from export.data.fields import Field
from export.data.fingerprint import fingerprint
from export.data.samples import Sample
from export.data.strange import read_strange
from export.detector import tables
from export.detector.card import FIGURES, GALLERY_FILE, card, figure_file
from export.detector.convert import DETECTOR_FILES
from export.detector.figures import draw_gallery, draw_precision_recall
from export.detector.judge import LEAST, arrays
from export.detector.matching import best_threshold, match
from export.detector.measure import Answers, answer_all, by_kind, figures, mean_f1
from export.detector.recipe import DetectorExport, DetectorRecipe, load_detector_recipe
from export.detector.scenes import marked, read_fields
from export.detector.train import read_splits, refuse_other_fields
from export.errors import DatasetError, ExportError
from export.place import staging, write
from export.recipe import OF_CARD
from export.run import RECIPE_FILE, converted, finished, sha256
from export.staged_bundle import (
    GOLDEN_FILE,
    GOLDEN_TOLERANCE,
    OF_RUN,
    VARIANTS,
    Manifest,
    next_version,
    older,
    refuse_two_defaults,
    stage_copies,
    stage_file,
    write_manifest,
)
from runtime.answers import to_json
from runtime.bundle import SCHEMA, read_bundle
from runtime.detection import KINDS
from runtime.detector import Detector
from runtime.images import Picture, decode
from runtime.lock import alone
from runtime.smear_files import write_smears
from runtime.synthetic import draw_cell

DRAWN = 24  # fields, of which the best and the worst are shown


def publish(
    run: Path,
    data: Sequence[Path],
    others: Sequence[Path],
    models: Path,
    strange: Sequence[Path] = (),
    *,
    default: bool,
) -> Path:
    """Publish the networks of a run as a bundle, with the proof that it is right.

    Args:
        run: folder of a converted run.
        data: its data sets, in the order of training; the `val` splits choose the thresholds and
            compare int8 with fp32, the `test` splits are the published figures.
        others: further fields with boxes that are reported beside them, all of each set.
        models: folder that receives the bundle under the recipe's name.
        strange: pictures without cells: how many are found in their test split is reported.
        default: whether this bundle answers when none is named; a bundle that does so keeps it.

    Returns:
        The bundle's folder.

    Raises:
        ExportError: the run is not whole or was trained with other data, another bundle is the
            default, another command is at work in a folder, or int8 falls behind fp32 by more than
            the settings of its conversion allow; then nothing is published.
        DatasetError: the data do not fit the recipe, or two of them have the same name.
    """
    recipe, facts = load_detector_recipe(run / RECIPE_FILE), converted(run, DETECTOR_FILES)
    limits = DetectorExport.model_validate(facts["settings"])
    words = facts.pop("card")
    place = models / recipe.name
    with alone(run), alone(models), staging(place) as staged:
        called = [path.resolve().name for path in (*data, *others, *strange)]
        if len(set(called)) < len(called):
            raise DatasetError(
                "dataset", f"two data sets have the same name ({', '.join(called)}): rename one"
            )
        splits = read_splits(data, recipe, ("train", "val", "test"))
        refuse_other_fields(run, splits)
        before = older(place)
        default = default or (before is not None and before.is_default)
        if default:
            refuse_two_defaults(models, place, "detect")
        manifest = _manifest(recipe, next_version(before), facts, default=default)
        manifest["training"] = finished(run) | {"export": facts}
        manifest |= to_json({key: words[key] for key in OF_CARD})
        _stage(manifest, run, staged)
        validation = _on_validation(manifest, staged, splits, limits)
        _answer_golden(manifest, staged, recipe.seed)
        held_out = {(name, "test"): of["test"] for name, of in splits.items()} | {
            (path.resolve().name, "all"): read_fields(path, recipe.seed) for path in others
        }
        manifest["metrics"] = validation | _metrics(manifest, staged, held_out)
        for path in strange:
            name, found = path.resolve().name, _of_no_cells(staged, path)
            manifest["metrics"].setdefault(name, {}).update(found)
        _draw_gallery(staged, manifest["picking"]["thresholds"])
        write_manifest(manifest, staged)
        write(staged / "CARD.md", card(manifest).encode())
    return place


def _manifest(
    recipe: DetectorRecipe, version: str, facts: Mapping[str, Any], *, default: bool
) -> Manifest:
    height, width = recipe.shape_px
    return {
        "schema": SCHEMA,
        "name": recipe.name,
        "title": recipe.title,
        "version": version,
        "task": "detect",
        "default": default,
        "classes": [dataclasses.asdict(c) for c in recipe.classes],
        "input": {
            "width": width,
            "height": height,
            "layout": "NHWC",
            "dtype": "uint8",
            "color": "RGB",
        },
        "variants": {"default": "int8"},
        "picking": {
            "thresholds": dict.fromkeys(KINDS, LEAST),
            "overlap": facts["picking"]["overlap"],
        },
        "metrics": {},
        "golden": {"file": GOLDEN_FILE, "sha256": "", "tolerance": GOLDEN_TOLERANCE, "cells": {}},
    }


def _stage(manifest: Manifest, run: Path, staged: Path) -> None:
    for name, file in VARIANTS.items():
        stage_file(manifest["variants"], name, file, (run / file).read_bytes(), staged)
    manifest["run"] = stage_copies(run, staged / "run", OF_RUN)
    write_manifest(manifest, staged)


def _on_validation(
    manifest: Manifest,
    staged: Path,
    splits: Mapping[str, Mapping[str, Sequence[Field]]],
    limits: DetectorExport,
) -> dict[str, Any]:
    """Choose the thresholds on the validation splits, and hold int8 against fp32 there."""
    fields = [field for of in splits.values() for field in of["val"]]
    int8, fp32 = (
        answer_all(Detector.load(staged, name), fields, f"val, {name}") for name in VARIANTS
    )
    thresholds = {kind: best_threshold(found) for kind, found in by_kind(int8).items()}
    manifest["picking"]["thresholds"] = thresholds
    write_manifest(manifest, staged)
    lost = 100 * (mean_f1(fp32, thresholds) - mean_f1(int8, thresholds))
    agreement = _agreement(int8, fp32, thresholds)
    print(
        f"val: int8 finds {100 * agreement:.2f} % of fp32's cells and loses {lost:.2f} points of "
        f"F1; least scores {', '.join(f'{k} {v:.3f}' for k, v in thresholds.items())}\n"
    )
    if lost > limits.max_points_lost or agreement < limits.min_agreement:
        raise ExportError(
            "export",
            f"int8 loses {lost:.2f} points of mean F1 on validation fields "
            f"({limits.max_points_lost:g} are allowed) and finds {100 * agreement:.1f} % of fp32's "
            f"cells ({100 * limits.min_agreement:g} are asked for): nothing was published; convert "
            "with other settings (--recipe FILE with another [export] table)",
        )
    beside = {"n": len(fields), "agreement": agreement, "points_lost": lost}
    return {"+".join(splits): {"val": {"int8_vs_fp32": beside}}}


def _agreement(int8: Answers, fp32: Answers, thresholds: Mapping[str, float]) -> float:
    """Return the share of fp32's cells that int8 finds too."""
    hits = total = 0
    for kind in KINDS:
        theirs, ours = (
            [arrays([c for c in cells if c.score >= thresholds[kind]], kind) for cells in a.found]
            for a in (fp32, int8)
        )
        found = match(ours, [boxes for boxes, _ in theirs], int8.sizes)
        hits += int(found.hit.sum())
        total += int(found.labelled.sum() - found.freed.sum())
    return hits / max(total, 1)


def _answer_golden(manifest: Manifest, staged: Path, seed: int) -> None:
    """Draw the golden picture, and let `runtime` answer it for the manifest."""
    golden = staged / GOLDEN_FILE
    Image.fromarray(_drawn_field(seed)).save(golden, optimize=True)
    write(golden, golden.read_bytes())
    manifest["golden"]["sha256"] = sha256(golden)
    picture = decode(golden)
    for name in VARIANTS:
        cells = Detector.load(staged, name).detect(picture)
        if not cells:
            raise ExportError(
                "export",
                f"the {name} network finds no cell in a drawn field, so that nothing could prove "
                "the bundle: train longer",
            )
        manifest["golden"]["cells"][name] = [dataclasses.asdict(cell) for cell in cells]
    write_manifest(manifest, staged)


def _drawn_field(seed: int) -> Picture:
    """Put drawn cells side by side, 640 x 480 pixels at 0.15 um/px."""
    labels = ("neutrophil", "lymphocyte", "platelet", "monocyte")
    cells = [draw_cell(labels[i % 4], seed + i, 160, 0.15) for i in range(12)]
    rows = [np.concatenate(cells[start : start + 4], axis=1) for start in (0, 4, 8)]
    return np.concatenate(rows)


def _metrics(
    manifest: Manifest, staged: Path, held_out: Mapping[tuple[str, str], Sequence[Field]]
) -> dict[str, Any]:
    """Measure, print and draw, and return what the manifest tells of it."""
    thresholds, bundle = manifest["picking"]["thresholds"], read_bundle(staged)
    titles = {c.id: c.title for c in bundle.classes}
    (staged / FIGURES).mkdir()
    metrics: dict[str, Any] = {}
    for (name, split), fields in held_out.items():
        title = f"{name}, {split}"
        found: dict[str, Any] = {}
        for variant in VARIANTS:
            detector = Detector.load(staged, variant)
            answers = answer_all(detector, fields, f"{title}, {variant}")
            found[variant] = dataclasses.asdict(figures(answers, thresholds))
            if variant == bundle.default_variant:
                draw_precision_recall(
                    by_kind(answers),
                    thresholds,
                    bundle.classes,
                    f"{title}, {variant}",
                    staged / figure_file(name),
                )
        print(title, *tables.detections(found, titles), "", sep="\n")
        metrics.setdefault(name, {})[split] = {"data": fingerprint(marked(fields))} | found
    return metrics


def _draw_gallery(staged: Path, thresholds: Mapping[str, float]) -> None:
    """Draw smears, let the default variant find their cells, and show the best and the worst."""
    with TemporaryDirectory() as drawn:
        folder = Path(drawn) / "smears"
        deque(write_smears(folder, DRAWN), maxlen=0)
        answers = answer_all(Detector.load(staged), read_fields(folder, 0), "drawn fields")
        draw_gallery(answers, thresholds, read_bundle(staged).classes, staged / GALLERY_FILE)


def _of_no_cells(staged: Path, path: Path) -> dict[str, Any]:
    """Count what is found in pictures without cells, for a hundred of them."""
    samples, split = read_strange(path, None)
    found = {name: _false(Detector.load(staged, name), samples) for name in VARIANTS}
    print(f"{path.resolve().name}, {split}", *tables.false_white(found), "", sep="\n")
    return {split: {"data": fingerprint(samples), "strange": found}}


def _false(detector: Detector, samples: Sequence[Sample]) -> dict[str, Any]:
    cells = [cell.kind for s in samples for cell in detector.detect(decode(s.path))]
    share = 100 / max(1, len(samples))
    return {"n": len(samples), "false": {kind: cells.count(kind) * share for kind in KINDS}}
