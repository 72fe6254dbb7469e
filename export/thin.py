"""Thin a MobileNetV2: of the channels inside its blocks, keep those that contribute most.

Blocks widen their input, filter each channel alone, and project back, so that channels inside a
block can go without a change to any other block (structured pruning, Li et al. 2017,
https://arxiv.org/abs/1608.08710; here a channel counts by what varies in it on real pictures).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from export.parts import BACKBONE, weighted_layers
from runtime.judgement import ATTRIBUTES, LOGITS
from runtime.preprocess import Batch

Array = npt.NDArray[np.float32]
LAST = "Conv_1"  # the last convolution, whose channels are pooled
STEP = 8  # channels of thinned layers are multiples of it, as convolution kernels like them
CHUNK = 32


@dataclass(frozen=True)
class Inner:
    """Names of the layers that make, filter and use channels that nothing else sees."""

    make: str
    filter: str | None
    use: tuple[str, ...]


def thinned(backbone: keras.Model, share: float) -> keras.Model:
    """Build the same network, with fresh weights and a share of its inner channels.

    Args:
        backbone: a MobileNetV2 without batch norms.
        share: of the channels inside the blocks and of the last convolution, to keep.
    """
    made = {inner.make for inner in _inner(backbone)}

    def clone(layer: keras.Layer) -> keras.Layer:
        settings = layer.get_config()
        if layer.name in made:
            settings["filters"] = max(STEP, round(layer.filters * share / STEP) * STEP)
        return type(layer).from_config(settings)

    def call(layer: keras.Layer, *inputs: Any, **options: Any) -> Any:
        options.pop("mask", None)  # which clones hand on to layers that know none
        return layer(*inputs, **options)

    return keras.models.clone_model(backbone, clone_function=clone, call_function=call)


def thinned_weights(
    wide: keras.Model,
    thin: keras.Model,
    scale: Callable[[Batch], Any],
    pictures: Batch,
) -> dict[str, list[Array]]:
    """Choose weights for a thinned classifier among those of the wide one that it is to stand for.

    A channel contributes its spread over the pictures times the length of its weights in the layer
    that uses it. Those that contribute least go, and their means move into that layer's bias.

    Args:
        wide: the classifier to take from.
        thin: the same classifier with its backbone `thinned`.
        scale: turns pictures into the backbone's input.
        pictures: (n, size, size, 3) uint8 RGB, cells as the classifier sees them.

    Returns:
        Names of layers to their weights.
    """
    weights = {name: layer.get_weights() for name, layer in weighted_layers(wide).items()}
    room, backbone = weighted_layers(thin), wide.get_layer(BACKBONE)
    groups = list(_inner(backbone))
    for group, (mean, spread) in zip(
        groups, _moments(backbone, groups, scale, pictures), strict=True
    ):
        users = [name for name in group.use if name in weights]
        # (channels, outputs) of 1 x 1 convolutions and of dense layers
        used = [weights[name][0].reshape(len(mean), -1) for name in users]
        gain = spread * np.linalg.norm(np.concatenate(used, axis=1), axis=1)
        order = np.argsort(-gain, kind="stable")
        kept = room[group.make].filters
        keep, drop = np.sort(order[:kept]), order[kept:]
        for name, flat in zip(users, used, strict=True):
            kernel, bias = weights[name]
            weights[name] = [np.take(kernel, keep, axis=-2), bias + mean[drop] @ flat[drop]]
        kernel, bias = weights[group.make]
        weights[group.make] = [kernel[..., keep], bias[keep]]
        if group.filter:
            kernel, bias = weights[group.filter]
            weights[group.filter] = [kernel[:, :, keep], bias[keep]]
    return weights


def _inner(backbone: keras.Model) -> Iterator[Inner]:
    yield Inner("Conv1", "expanded_conv_depthwise", ("expanded_conv_project",))
    for layer in backbone.layers:
        if layer.name.endswith("_expand"):
            block = layer.name.removesuffix("_expand")
            yield Inner(layer.name, f"{block}_depthwise", (f"{block}_project",))
    yield Inner(LAST, None, (LOGITS, ATTRIBUTES))


def _moments(
    backbone: keras.Model,
    groups: list[Inner],
    scale: Callable[[Batch], Any],
    pictures: Batch,
) -> Iterator[tuple[Array, Array]]:
    """Measure mean and standard deviation of what each group's user receives, by channel.

    Inside the backbone every place in every picture counts, behind its pooling every picture.
    """
    inside = [backbone.get_layer(group.use[0]).input for group in groups if group.filter]
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    probe = keras.Model(backbone.input, [*inside, pooled])
    sums: list[Any] = [0.0] * len(groups)
    counts = [0] * len(groups)
    for part in np.array_split(pictures, max(1, len(pictures) // CHUNK)):
        for i, output in enumerate(probe(scale(part))):
            values = keras.ops.convert_to_numpy(output).reshape(-1, output.shape[-1])
            sums[i] += np.stack([values, values**2]).sum(axis=1, dtype=np.float64)
            counts[i] += len(values)
    for total, count in zip(sums, counts, strict=True):
        mean, square = total / count
        yield mean.astype(np.float32), np.sqrt(np.maximum(square - mean**2, 0)).astype(np.float32)
