"""A run of seconds on drawn cells."""

from pathlib import Path

from export.cli import main
from runtime.synthetic import draw_cell
from tests.export.conftest import DRAWN, write_recipe


def train_and_convert(folder: Path, data: Path) -> Path:
    """Make a converted run below a folder; the recipe and the weights lie beside it."""
    recipe, run = write_recipe(folder), folder / "run"
    weights = backbone_weights(folder / "backbone.weights.h5")
    command = ["train", str(recipe), "--data", str(data), "--weights", str(weights)]
    assert main([*command, "--run", str(run)]) == 0
    assert main(["convert", str(run), "--data", str(data)]) == 0
    return run


def publish(run: Path, data: Path, models: Path, *more: str) -> int:
    return main(["publish", str(run), "--data", str(data), "--models", str(models), *more])


def backbone_weights(file: Path) -> Path:
    """Write random weights whose batch norms know their statistics, so that features differ."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    backbone = keras.applications.MobileNetV2((32, 32, 3), 0.35, include_top=False, weights=None)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    cells = np.stack([draw_cell(c, seed, 32, 1.1) for c in DRAWN for seed in range(12)])
    backbone(cells / 127.5 - 1, training=True)
    backbone.save_weights(file)
    return file
