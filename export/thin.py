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
    use: str


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


def hand_down(
    wide: keras.Model,
    thin: keras.Model,
    backbone: str,
    scale: Callable[[Batch], Any],
    pictures: Batch,
) -> None:
    """Give a thinned classifier the weights of the wide one it is to stand for.

    A channel contributes its spread over the pictures times the length of its weights in the layer
    that uses it. Those that contribute least go, and their means move into that layer's bias.

    Args:
        wide: the classifier to learn from.
        thin: the same classifier, its backbone `thinned`; receives the weights.
        backbone: name of the backbone in both.
        scale: turns pictures into the backbone's input.
        pictures: (n, size, size, 3) uint8 RGB, cells as the classifier sees them.
    """
    given = {layer.name: layer.get_weights() for layer in _layers(wide, backbone)}
    room = {layer.name: layer for layer in _layers(thin, backbone)}
    groups = list(_inner(wide.get_layer(backbone)))
    for group, (mean, spread) in zip(
        groups, _moments(wide.get_layer(backbone), groups, scale, pictures), strict=True
    ):
        kernel, bias = given[group.use]
        used = kernel.reshape(-1, kernel.shape[-1])  # (channels, outputs), of 1 x 1 or dense layers
        order = np.argsort(-spread * np.linalg.norm(used, axis=1), kind="stable")
        kept = room[group.make].filters
        keep, drop = np.sort(order[:kept]), order[kept:]
        given[group.use] = [np.take(kernel, keep, axis=-2), bias + mean[drop] @ used[drop]]
        kernel, bias = given[group.make]
        given[group.make] = [kernel[..., keep], bias[keep]]
        if group.filter:
            kernel, bias = given[group.filter]
            given[group.filter] = [kernel[:, :, keep], bias[keep]]
    for name, layer in room.items():
        layer.set_weights(given[name])


def _inner(backbone: keras.Model) -> Iterator[Inner]:
    yield Inner("Conv1", "expanded_conv_depthwise", "expanded_conv_project")
    for layer in backbone.layers:
        if layer.name.endswith("_expand"):
            block = layer.name.removesuffix("_expand")
            yield Inner(layer.name, f"{block}_depthwise", f"{block}_project")
    yield Inner(LAST, None, "logits")


def _layers(model: keras.Model, backbone: str) -> list[keras.Layer]:
    return [
        layer
        for layer in (*model.get_layer(backbone).layers, *model.layers)
        if layer.weights and layer.name != backbone
    ]


def _moments(
    backbone: keras.Model,
    groups: list[Inner],
    scale: Callable[[Batch], Any],
    pictures: Batch,
) -> Iterator[tuple[Array, Array]]:
    """Measure mean and standard deviation of what each group's user receives, by channel.

    Inside the backbone every place in every picture counts, behind its pooling every picture.
    """
    inside = [backbone.get_layer(group.use).input for group in groups if group.filter]
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
