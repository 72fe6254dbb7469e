from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

from runtime.images import Picture
from runtime.synthetic import draw_cell

# A busy machine is no reason to fail.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

DRAWN = ("eosinophil", "lymphocyte", "platelet")
COUNTS = {"train": 32, "val": 6, "test": 6}


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


@pytest.fixture(scope="session")
def trained(drawn_cells: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the drawn cells, trained and converted once for all tests."""
    from tests.export.drawn_run import train_and_convert

    return train_and_convert(tmp_path_factory.mktemp("workshop"), drawn_cells)


def draw(path: Path, label: str = "lymphocyte", seed: int = 0) -> Path:
    """Draw a cell of 32 px into a file, whose folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(_cell(label, seed)).save(path)
    return path


@cache
def _cell(label: str, seed: int) -> Picture:
    return draw_cell(label, seed, size_px=32, um_per_px=1.1)


def laps(*epochs: int) -> str:
    """Write laps of 32 px pictures, with so many epochs each."""
    each = (f"{{ size_px = 32, frame_px = 48, epochs = {count} }}" for count in epochs)
    return f"[{', '.join(each)}]"


RECIPE = {
    "": {"name": '"drawn"', "title": '"Drawn cells"', "seed": "3", "limits": '["All drawn."]'},
    "input": {
        "size_px": "32",
        "frame_um": "36.0",
        "framing": "{ nuclei = 3.0, least = 0.6 }",
    },
    "network": {
        "backbone": '"mobilenet_v2"',
        "alpha": "0.35",
        "dropout": "0.1",
    },
    "augment": {
        "window": "[0.8, 1.0]",
        "shift": "0.03",
        "blur_px": "[0.0, 0.5]",
        "blur_share": "0.2",
        "stain_mix": "0.02",
        "stain_gain": "0.02",
        "glass_gain": "0.02",
    },
    "train": {
        "batch": "16",
        "label_smoothing": "0.0",
        "class_balance": '"weights"',
        "class_balance_power": "0.5",
        "weight_decay": "0.0",
        "ema": "0.8",
        "frozen_epochs": "1",
        "frozen_rate": "2e-3",
        "rate": "3e-3",
        "warmup_steps": "1",
        "shifted_share": "0.0",
        "laps": laps(40),
    },
    "export": {
        "opset": "17",
        "max_logit_difference": "1e-3",
        "calibration": "24",
        "calibration_method": '"minmax"',
        "reduce_range": "true",
        "float_convolutions": "1",
        "max_points_lost": "100.0",
        "min_agreement": "0.0",
    },
}


def write_recipe(folder: Path, **changes: str) -> Path:
    """Write a recipe of seconds; a change replaces a value, an unknown key goes to the top."""
    tables = {name: dict(values) for name, values in RECIPE.items()}
    for key, value in changes.items():
        home = next((t for t in tables.values() if key in t), tables[""])
        home[key] = value
    cells = ", ".join(f'{{ id = "{c}", title = "{c}", color = "#123456" }}' for c in DRAWN)
    tables[""].setdefault("classes", f"[{cells}]")
    lines = []
    for name, values in tables.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {value}" for key, value in values.items()]
    file = folder / "recipe.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.fixture
def recipe_file(tmp_path: Path) -> Callable[..., Path]:
    return partial(write_recipe, tmp_path)
