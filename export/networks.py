"""The networks that can be trained: a backbone, its own input scaling, dropout, logits."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

import keras
import numpy as np

from export.errors import RecipeError
from export.fold import Array, folded
from export.parts import BACKBONE, weighted_layers
from export.recipe import Network, Recipe, load_recipe
from export.run import MODEL_FILE, RECIPE_FILE
from runtime.judgement import ACTIVATION, ATTRIBUTES, FEATURES, LOGITS, TEXTURES

SCALING = "scaling"
# ImageNet's mean R, G and B, as keras.applications subtracts them in its mode "caffe".
CAFFE_MEANS = (123.68, 116.779, 103.939)


def _unit_range(pictures: Any) -> Any:
    """Scale 0..255 to -1..1."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1, name=SCALING)(pictures)


def _caffe(pictures: Any) -> Any:
    """Subtract ImageNet's means and turn RGB into BGR."""
    offset = [-mean for mean in CAFFE_MEANS]
    centered = keras.layers.Rescaling(1.0, offset=offset, name=SCALING)(pictures)
    return keras.ops.take(centered, [2, 1, 0], axis=-1)


def _mobilenet(build: Callable[..., keras.Model], **fixed: Any) -> Callable[..., keras.Model]:
    return lambda network, **same: build(alpha=network.alpha, **fixed, **same)


def _plain(build: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    return lambda network, **same: build(**same)


@dataclass(frozen=True)
class Kind:
    """A backbone: how it is built, what it takes, and early layers that see textures."""

    build: Callable[..., keras.Model]
    scale: Callable[[Any], Any]
    textures: tuple[str, ...]


applications = keras.applications
BACKBONES = {
    "mobilenet_v1": Kind(
        _mobilenet(applications.MobileNet),
        _unit_range,
        ("conv_pw_3_relu", "conv_pw_5_relu", "conv_pw_9_relu"),
    ),
    "mobilenet_v2": Kind(
        _mobilenet(applications.MobileNetV2),
        _unit_range,
        ("block_2_add", "block_5_add", "block_9_add"),
    ),
    "mobilenet_v3_small": Kind(
        _mobilenet(applications.MobileNetV3Small, include_preprocessing=False),
        _unit_range,
        ("expanded_conv_2_add", "expanded_conv_4_add", "expanded_conv_7_add"),
    ),
    "mobilenet_v3_large": Kind(
        _mobilenet(applications.MobileNetV3Large, include_preprocessing=False),
        _unit_range,
        ("expanded_conv_2_add", "expanded_conv_5_add", "expanded_conv_9_add"),
    ),
    "resnet50": Kind(
        _plain(applications.ResNet50),
        _caffe,
        ("conv2_block3_out", "conv3_block4_out", "conv4_block3_out"),
    ),
    "vgg16": Kind(
        _plain(applications.VGG16), _caffe, ("block2_pool", "block3_pool", "block4_pool")
    ),
}


def build(recipe: Recipe, weights: str | None) -> keras.Model:
    """Build the classifier with its scaling inside, for pictures of any size.

    Args:
        recipe: backbone, dropout, classes.
        weights: path of a Keras weights file without the top, `imagenet` to let Keras fetch them,
            or None for random ones.

    Returns:
        A model from (n, size, size, 3) uint8 to a dictionary of (n, classes) float32 logits and,
        where the recipe has attributes, of (n, values) logits of theirs; its backbone is frozen.

    Raises:
        RecipeError: the weights are missing or do not fit.
    """
    scale = BACKBONES[recipe.network.backbone].scale
    backbone = folded(pretrained(recipe.network, weights))
    backbone.trainable = False
    inputs = keras.Input((None, None, 3), dtype="uint8", name="pictures")
    features = backbone(scale(inputs))
    features = keras.layers.GlobalAveragePooling2D(name=FEATURES)(features)
    features = keras.layers.Dropout(recipe.network.dropout, seed=recipe.seed)(features)
    sizes = {LOGITS: len(recipe.classes), ATTRIBUTES: sum(len(a.values) for a in recipe.attributes)}
    outputs = {
        name: keras.layers.Dense(size, name=name, dtype="float32")(features)
        for name, size in sizes.items()
        if size
    }
    return keras.Model(inputs, outputs, name=recipe.name.replace(".", "_"))


def pretrained(network: Network, weights: str | None) -> keras.Model:
    """Build a backbone for pictures of any size, as `keras.applications` does.

    Raises:
        RecipeError: the weights are missing or do not fit.
    """
    if weights not in (None, "imagenet") and not Path(str(weights)).is_file():
        raise RecipeError("weights", f"{weights} does not exist: pass a weights file or 'imagenet'")
    build_backbone = BACKBONES[network.backbone].build
    try:
        with warnings.catch_warnings():
            # Of weights for pictures of any size, and of each layer that a file does not fit.
            warnings.simplefilter("ignore", UserWarning)
            return build_backbone(
                network,
                input_shape=(None, None, 3),
                include_top=False,
                weights=weights,
                name=BACKBONE,
            )
    except Exception as error:  # a failed download is a bare Exception in Keras
        kind = f"{network.backbone} of width {network.alpha:g}"
        if weights == "imagenet" or isinstance(error, OSError):
            reason = shorten(str(error), 200)
            said = f"{weights} cannot be had for {kind} ({reason}): name a file with --weights"
        else:
            said = f"{weights} do not fit {kind}: network.backbone and alpha must match the file"
        raise RecipeError("weights", f"the weights {said}") from error


def load(recipe: Recipe, run: Path, other: Path | None = None) -> keras.Model:
    """Build the classifier with the weights of a finished run, to go on from.

    Args:
        recipe: what to build.
        run: the finished run's folder.
        other: another one; then the weights are the means of both, which of networks that came
            from one another do better elsewhere than either (Wortsman et al. 2022,
            arXiv 2109.01903).

    Raises:
        RecipeError: a run trained another network, or names other classes or in another order.
    """
    found = [_weights_of(recipe, folder) for folder in (run, other) if folder]
    model = build(recipe, weights=None)
    for name, layer in weighted_layers(model).items():
        if all(name in weights for weights in found):
            same = zip(*(weights[name] for weights in found), strict=True)
            layer.set_weights([np.mean(arrays, axis=0) for arrays in same])
    return model


def _weights_of(recipe: Recipe, run: Path) -> dict[str, list[Array]]:
    """Read the weights of a run by layer, without those of attributes other than the recipe's."""
    before = load_recipe(run / RECIPE_FILE)
    kinds = [(r.network.backbone, r.network.alpha, r.class_ids) for r in (recipe, before)]
    if kinds[0] != kinds[1]:
        raise RecipeError(
            "recipe",
            f"{run} trained {before.network.backbone} of width {before.network.alpha:g} "
            f"to name {', '.join(before.class_ids)}: the recipe wants another "
            "network or other classes, start from another run",
        )
    trained = keras.saving.load_model(run / MODEL_FILE, compile=False)
    weights = {name: layer.get_weights() for name, layer in weighted_layers(trained).items()}
    if recipe.attributes != before.attributes:
        weights.pop(ATTRIBUTES, None)  # what it said of others is of no use
    return weights


def serving(model: keras.Model, recipe: Recipe) -> keras.Model:
    """Give a trained classifier the outputs that serving asks for beside its answer.

    Returns:
        A model with the same outputs, and
        `activation` (n, rows, columns, classes), the last layer at every place before pooling, so
        that its mean over the places is the logits (class activation map, Zhou et al. 2016,
        doi 10.1109/CVPR.2016.319);
        `features` (n, channels), what is pooled before the last layer;
        `textures` (n, d), mean and standard deviation of each channel of some early layers.
    """
    kind, backbone = BACKBONES[recipe.network.backbone], model.get_layer(BACKBONE)
    early = [backbone.get_layer(name).output for name in kind.textures]
    inputs = keras.Input((None, None, 3), dtype="uint8", name="pictures")
    places, *seen = keras.Model(backbone.input, [backbone.output, *early])(kind.scale(inputs))
    features = keras.layers.GlobalAveragePooling2D(name=FEATURES)(places)
    statistics = [f(x, axis=(1, 2)) for f in (keras.ops.mean, keras.ops.std) for x in seen]
    outputs = {
        **{name: model.get_layer(name)(features) for name in model.output},
        ACTIVATION: model.get_layer(LOGITS)(places),
        FEATURES: features,
        TEXTURES: keras.ops.concatenate(statistics, axis=-1),
    }
    return keras.Model(inputs, outputs, name=model.name)
