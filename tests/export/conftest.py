from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from runtime.synthetic import draw_cell

ROOT = Path(__file__).resolve().parents[2]
DRAWN = ("eosinophil", "lymphocyte", "platelet")
COUNTS = {"train": 16, "val": 6, "test": 6}


@pytest.fixture(scope="session")
def drawn_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of drawn cells: split folders above class folders."""
    folder = tmp_path_factory.mktemp("drawn")
    seed = 0
    for split, count in COUNTS.items():
        for label in DRAWN:
            place = folder / split / label
            place.mkdir(parents=True)
            for i in range(count):
                seed += 1
                picture = draw_cell(label, seed, size_px=72, um_per_px=0.5)
                Image.fromarray(picture).save(place / f"{i:02}.png")
    return folder


@pytest.fixture
def recipe_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a small recipe, with lines of the shipped one replaced."""

    def written(**changes: str) -> Path:
        lines = (ROOT / "export" / "recipes" / "pbc.toml").read_text(encoding="utf-8").splitlines()
        small = {
            "size_px": "32",
            "frame_px": "48",
            "batch": "16",
            "ema": "0.5",
            "frozen_epochs": "2",
            "epochs": "2",
            "warmup_steps": "1",
            "calibration": "24",
            "max_points_lost": "100.0",
            "min_agreement": "0.0",
            "name": '"drawn"',
        } | changes
        kept, skipping = [], False
        for line in lines:
            key = line.split("=")[0].strip()
            skipping = skipping or key == "classes"
            if skipping:
                skipping = line.strip() != "]"
                continue
            kept.append(f"{key} = {small.pop(key)}" if key in small else line)
        classes = ", ".join(f'{{ id = "{c}", title = "{c}", color = "#123456" }}' for c in DRAWN)
        kept.insert(3, f"classes = [{classes}]")
        kept = [f"{key} = {value}" for key, value in small.items()] + kept
        file = tmp_path / "recipe.toml"
        file.write_text("\n".join(kept), encoding="utf-8")
        return file

    return written
