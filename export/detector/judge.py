"""How good a network under training is, on validation fields."""

from collections.abc import Sequence

import keras
import numpy as np

from export.detector import network
from export.detector.matching import Matches, f1_curve, match
from export.detector.recipe import DetectorRecipe
from export.detector.scenes import Scene
from runtime.detection import KINDS, Found, Picking
from runtime.detector import cells_of
from runtime.preprocess import fit

LEAST = 0.05  # scores below are of no use, and of no weight in a curve
CHUNK = 8


def judge(
    model: keras.Model, sets: dict[str, Sequence[Scene]], recipe: DetectorRecipe
) -> dict[str, float]:
    """Return the best F1 of each kind in each set, by `set kind`, and their mean as `score`."""
    row = {}
    for name, scenes in sets.items():
        found = find(model, scenes, recipe)
        for kind, matches in by_kind(found, scenes).items():
            if matches.labelled.sum():
                row[f"{name} {kind}"] = float(f1_curve(matches).max(initial=0))
    return {key: round(value, 4) for key, value in row.items()} | {
        "score": round(float(np.mean(list(row.values()))), 4)
    }


def find(model: keras.Model, scenes: Sequence[Scene], recipe: DetectorRecipe) -> list[list[Found]]:
    """Find the cells of scenes, boxes in their pixels."""
    picking = Picking(dict.fromkeys(KINDS, LEAST), recipe.picking.overlap)
    found = []
    for start in range(0, len(scenes), CHUNK):
        some = scenes[start : start + CHUNK]
        fitted = [fit(scene.pixels, recipe.shape_px) for scene in some]
        peaks = network.find(model, np.stack([f.pixels for f in fitted]), recipe.picking.most)
        for scene, own, place in zip(some, peaks, fitted, strict=True):
            height, width, _ = scene.pixels.shape
            found.append(cells_of(own, place, (width, height), picking))
    return found


def by_kind(found: Sequence[Sequence[Found]], scenes: Sequence[Scene]) -> dict[str, Matches]:
    """Match found cells with the labelled ones of their scenes, kind by kind."""
    return {
        kind: match(
            [arrays(cells, kind) for cells in found],
            [scene.boxes[scene.kinds == place] for scene in scenes],
            [(scene.pixels.shape[1], scene.pixels.shape[0]) for scene in scenes],
        )
        for place, kind in enumerate(KINDS)
    }


def arrays(cells: Sequence[Found], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes (n, 4) and scores (n,) of the cells of a kind."""
    own = [cell for cell in cells if cell.kind == kind]
    boxes = np.array([cell.box for cell in own], np.float32).reshape(-1, 4)
    return boxes, np.array([cell.score for cell in own], np.float64)
