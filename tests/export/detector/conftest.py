"""Drawn fields with their boxes, as a data set."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from export.detector.recipe import DetectorRecipe, load_detector_recipe

RECIPE = Path(__file__).resolve().parents[3] / "export" / "recipes" / "fields.toml"
COLORS = {"wbc": (90, 40, 140), "rbc": (215, 160, 160), "platelet": (150, 90, 170)}
SIZES = {"wbc": 60, "rbc": 34, "platelet": 14}


def draw_field(
    rng: np.random.Generator, width: int = 192, height: int = 144
) -> tuple[Image.Image, list[tuple[str, tuple[int, int, int, int]]]]:
    """Draw discs of three sizes and colors, none of them over another."""
    image = Image.new("RGB", (width, height), (250, 230, 210))
    draw = ImageDraw.Draw(image)
    boxes: list[tuple[str, tuple[int, int, int, int]]] = []
    for kind in ("wbc", *["rbc"] * 6, *["platelet"] * 2):
        size = SIZES[kind]
        for _ in range(30):
            x, y = int(rng.integers(0, width - size)), int(rng.integers(0, height - size))
            box = (x, y, x + size, y + size)
            if not any(
                x < b[2] and b[0] < x + size and y < b[3] and b[1] < y + size for _, b in boxes
            ):
                draw.ellipse([x, y, x + size - 1, y + size - 1], fill=COLORS[kind])
                boxes.append((kind, box))
                break
    return image, boxes


def write_fields(folder: Path, counts: dict[str, int]) -> Path:
    """Write a data set of drawn fields: pictures and boxes.csv."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(3)
    with (folder / "boxes.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "split", "kind", "x0", "y0", "x1", "y1"])
        for split, count in counts.items():
            for i in range(count):
                image, boxes = draw_field(rng)
                image.save(folder / f"{split}{i}.png")
                for kind, box in boxes:
                    writer.writerow([f"{split}{i}.png", split, kind, *box])
    return folder


@pytest.fixture
def recipe() -> DetectorRecipe:
    return load_detector_recipe(RECIPE)


@pytest.fixture
def small_recipe(tmp_path: Path) -> Path:
    """The shipped recipe, so small that a test can train by it."""
    text = RECIPE.read_text(encoding="utf-8")
    for key, value in {
        "width_px": "192",
        "height_px": "144",
        "channels": "[16, 16, 16]",
        "view_px": "64",
        "batch": "4",
        "epochs": "3",
        "steps": "120",
        "rate": "4e-3",
        "warmup_steps": "5",
        "ema": "0.8",
        "frozen_blocks": "1",
        "float_convolutions": "1",
        # Of networks that have learnt little, peaks are flat, and rounding moves them.
        "max_logit_difference": "1.0",
        "calibration": "4",
        "max_points_lost": "100.0",
        "min_agreement": "0.0",
    }.items():
        text = "\n".join(
            f"{key} = {value}" if line.split(" = ")[0] == key else line
            for line in text.splitlines()
        )
    file = tmp_path / "small.toml"
    file.write_text(text, encoding="utf-8")
    return file
