"""The network: a truncated MobileNetV2, features merged to stride 4, heat maps and boxes.

Anchor-free, after "Objects as Points" (Zhou et al. 2019, arXiv 1904.07850): a cell is a peak in the
heat map of its kind. As in TTFNet (Liu et al. 2019, arXiv 1909.00700) each place gives the
distances to the four sides of its box, so that no offset of the center is needed.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from export import networks
from export.detector.parts import HEAT, RAW_LIMIT, SIDE_PX, SIDES, STRIDE
from export.detector.recipe import DetectorRecipe, load_detector_recipe
from export.errors import RecipeError
from export.fold import folded
from export.recipe import Network
from export.run import MODEL_FILE, RECIPE_FILE
from runtime.detection import KINDS
from runtime.detector import Peaks
from runtime.preprocess import Batch

# Expanded features, before a block's depthwise convolution thins them out: strides 16, 8, 4.
TAPS = ("block_13_expand_relu", "block_6_expand_relu", "block_3_expand_relu")
FIRST_LOGIT = -3.0  # hardly any place is a cell


def build(
    recipe: DetectorRecipe, weights: str | None, shape_px: tuple[int, int] | None = None
) -> keras.Model:
    """Build the network with its scaling inside.

    Args:
        recipe: width, channels.
        weights: as in `export.networks.pretrained`.
        shape_px: height and width of its input, multiples of 16; None for any.

    Returns:
        A model from (n, height, width, 3) uint8 to a dictionary of `heat`
        (n, height / 4, width / 4, kinds) logits and `sides` (n, height / 4, width / 4, 4): left,
        top, right, bottom as ln(distance / 16 px).

    Raises:
        RecipeError: the weights are missing or do not fit.
    """
    kind = networks.BACKBONES["mobilenet_v2"]
    whole = networks.pretrained(
        Network(backbone="mobilenet_v2", alpha=recipe.network.alpha, dropout=0.0), weights
    )
    backbone = folded(whole)
    taps = keras.Model(backbone.input, [backbone.get_layer(name).output for name in TAPS])
    for layer in taps.layers:
        if layer.name == f"block_{recipe.network.frozen_blocks}_expand":
            break
        # They see the picture at its full size, where learning costs most and brings least.
        layer.trainable = False
    inputs = keras.Input((*(shape_px or (None, None)), 3), dtype="uint8", name="pictures")
    merged = None
    for place, (tap, channels) in enumerate(
        zip(taps(kind.scale(inputs)), recipe.network.channels, strict=True)
    ):
        own = _convolution(channels, 1, f"lateral_{place}")(tap)
        if merged is not None:
            thin = _convolution(channels, 1, f"thin_{place}")(merged)
            own = keras.layers.Add()([own, keras.layers.UpSampling2D(2)(thin)])
        merged = _convolution(channels, 3, f"smooth_{place}", "relu6")(own)
    heat = keras.layers.Conv2D(
        len(KINDS),
        1,
        name=HEAT,
        dtype="float32",
        bias_initializer=keras.initializers.Constant(FIRST_LOGIT),
    )(merged)
    sides = keras.layers.Conv2D(4, 1, name=SIDES, dtype="float32")(merged)
    outputs = {HEAT: heat, SIDES: sides}
    return keras.Model(inputs, outputs, name=recipe.name.replace(".", "_"))


def load(
    recipe: DetectorRecipe,
    run: Path,
    other: Path | None = None,
    shape_px: tuple[int, int] | None = None,
) -> keras.Model:
    """Build the network with the weights of a finished run.

    Args:
        recipe: what to build.
        run: the finished run's folder.
        other: another one, whose weights are averaged with those, as in `export.networks.load`.
        shape_px: as in `build`.

    Raises:
        RecipeError: a run trained a network of other widths.
    """
    found = [_weights_of(recipe, folder) for folder in (run, other) if folder]
    model = build(recipe, None, shape_px)
    model.set_weights([np.mean(arrays, axis=0) for arrays in zip(*found, strict=True)])
    return model


def _weights_of(recipe: DetectorRecipe, run: Path) -> list[Any]:
    before = load_detector_recipe(run / RECIPE_FILE).network
    if (before.alpha, before.channels) != (recipe.network.alpha, recipe.network.channels):
        raise RecipeError(
            "recipe",
            f"{run} trained a network of width {before.alpha:g} with {before.channels} channels: "
            "the recipe wants another one, start from another run",
        )
    weights: list[Any] = keras.saving.load_model(run / MODEL_FILE, compile=False).get_weights()
    return weights


def _convolution(channels: int, side: int, name: str, activation: str | None = None) -> Any:
    return keras.layers.Conv2D(
        channels,
        side,
        padding="same",
        activation=activation,
        kernel_initializer="he_normal",
        name=name,
    )


def boxes_of(sides: Any) -> Any:
    """Turn the distances at each place into corners.

    Args:
        sides: (n, rows, columns, 4) as `build` gives them.

    Returns:
        (n, rows, columns, 4) x0, y0, x1, y1 in pixels of the input.
    """
    rows, columns = keras.ops.shape(sides)[1:3]
    x = (keras.ops.arange(columns, dtype="float32") + 0.5) * STRIDE
    y = (keras.ops.arange(rows, dtype="float32") + 0.5) * STRIDE
    away = keras.ops.exp(keras.ops.clip(sides, -RAW_LIMIT, RAW_LIMIT)) * SIDE_PX
    left, top, right, bottom = (away[..., i] for i in range(4))
    x, y = x[None, None, :], y[None, :, None]
    return keras.ops.stack([x - left, y - top, x + right, y + bottom], axis=-1)


def find(model: keras.Model, pictures: Batch, most: int) -> list[Peaks]:
    """Ask a network under training for its peaks, as `export.detector.decoding` picks them.

    Args:
        model: as from `build`.
        pictures: (n, height, width, 3) uint8 RGB.
        most: peaks of each picture.
    """
    found = model(pictures, training=False)
    heat = keras.ops.sigmoid(found[HEAT])
    highest = keras.ops.max_pool(heat, 3, strides=1, padding="same")
    peaks = keras.ops.convert_to_numpy(keras.ops.where(heat < highest, 0.0, heat))
    boxes = keras.ops.convert_to_numpy(boxes_of(found[SIDES])).reshape(len(pictures), -1, 4)
    flat = peaks.reshape(len(pictures), -1)
    best = np.argsort(-flat, axis=1, kind="stable")[:, :most]
    return [
        Peaks(own[which // len(KINDS)], scores[which], which % len(KINDS))
        for own, scores, which in zip(boxes, flat, best, strict=True)
    ]
