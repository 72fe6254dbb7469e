"""Cells of one color each, for the bundle of `tests.tiny_bundle`: at home, and at another site."""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

from export.cli import main
from export.head import Cells
from export.home import Home
from runtime.engine import Engine
from tests.tiny_bundle import CLASSES, SIZE_PX, make_tiny_bundle, trusting

HOME_COLORS = {"red": (200, 90, 90), "green": (90, 200, 90), "blue": (90, 90, 200)}
# A camera whose green is strong: the shipped head calls its red cells green.
SITE_COLORS = {"red": (140, 190, 60), "green": (60, 240, 60), "blue": (60, 140, 230)}
# Another one whose blue is strong.
WARD_COLORS = {"red": (140, 60, 190), "green": (60, 230, 140), "blue": (60, 60, 240)}
TRAINED = {
    "recipe_sha256": "0" * 64,
    "seed": 1,
    "best_epoch": 2,
    "commit": None,
    "data": {"train": {"count": 3}, "val": {"count": 3}},
}

Colors = dict[str, tuple[int, int, int]]


def draw(color: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    shade = np.array(color) + rng.normal(0, 12, 3)
    noise = rng.normal(0, 5, (SIZE_PX, SIZE_PX, 3))
    return np.clip(shade + noise, 0, 255).astype(np.uint8)


def save_cells(folder: Path, colors: Colors, each: int, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    for label, color in colors.items():
        (folder / label).mkdir(parents=True)
        for number in range(each):
            Image.fromarray(draw(color, rng)).save(folder / label / f"{number}.png")
    return folder


def cells(colors: Colors, each: int, seed: int) -> Cells:
    rng = np.random.default_rng(seed)
    labels = np.repeat([CLASSES.index(c) for c in colors], each)
    means = [draw(colors[CLASSES[label]], rng).mean(axis=(0, 1)) / 255 for label in labels]
    return Cells(np.array(means, np.float32)[:, None], labels)


def home_bundle(folder: Path, *, at_home: bool = True, trusted: bool = False) -> Path:
    """Write a tiny bundle into a folder `shipped`, with a sample of home unless told otherwise."""
    bundle = make_tiny_bundle(folder / "shipped", training=TRAINED)
    manifest = json.loads((bundle / "manifest.json").read_text())
    if at_home:
        judged = cells(HOME_COLORS, 30, 2)
        textures = judged.served * 255
        content = Home(cells(HOME_COLORS, 30, 1), judged, textures).as_bytes()
        (bundle / "home.npz").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        manifest["home"] = {"file": "home.npz", "sha256": digest, "bytes": len(content)}
    if trusted:
        manifest["trust"] = trusting(bundle, unfamiliar=4.6, coverage=0.9)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    return bundle


def adapt(bundle: Path, data: Path, models: Path, *more: str) -> int:
    words = ["adapt", str(bundle), "--data", str(data), "--name", "site", "--models", str(models)]
    return main([*words, *more])


def right(bundle: Path, colors: Colors, seed: int) -> float:
    """Tell what share of drawn cells a bundle names right."""
    engine, rng = Engine.load(bundle), np.random.default_rng(seed)
    named = [(c, engine.classify(draw(colors[c], rng)).label) for c in colors for _ in range(20)]
    return float(np.mean([truth == found for truth, found in named]))
