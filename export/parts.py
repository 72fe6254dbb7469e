"""The parts of a classifier: what they are called, what they give, what attributes cost."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np

from export.recipe import Attribute

BACKBONE = "backbone"  # outputs have their names from runtime.judgement


def weighted_layers(model: keras.Model) -> dict[str, keras.Layer]:
    """List the layers that hold weights, those inside the backbone too, by name."""
    layers = [*model.get_layer(BACKBONE).layers, *model.layers]
    return {layer.name: layer for layer in layers if layer.weights and layer.name != BACKBONE}


def spans(attributes: Sequence[Attribute]) -> list[tuple[int, int]]:
    """Say where each attribute's values begin and end among the outputs."""
    ends = np.cumsum([0, *(len(a.values) for a in attributes)]).tolist()
    return list(pairwise(ends))


def attribute_loss(attributes: Sequence[Attribute]) -> Callable[[Any, Any], Any]:
    """Return the mean cross entropy of the attributes; one that is not told costs nothing."""

    def loss(known: Any, logits: Any) -> Any:
        costs = [
            -keras.ops.sum(
                known[:, start:end] * keras.ops.log_softmax(logits[:, start:end]), axis=-1
            )
            for start, end in spans(attributes)
        ]
        return keras.ops.mean(keras.ops.stack(costs), axis=0)

    return loss
