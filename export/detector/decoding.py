"""What follows the convolutions in the graph: peaks picked from heat maps, with their boxes.

Written as ONNX nodes, behind the quantized part, so that it is float in every variant.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.detector.parts import HEAT, RAW_LIMIT, SIDE_PX, SIDES, STRIDE
from runtime.detection import KINDS
from runtime.detector import BOXES, PLACES, SCORES

Constants = dict[str, Any]


def with_decoding(
    network: onnx.ModelProto, shape_px: tuple[int, int], most: int
) -> onnx.ModelProto:
    """Give a converted network the outputs of a bundle: its peaks, the best ones first.

    A place is a peak where no neighbor in its heat map is higher.

    Args:
        network: `heat` and `sides` as `export.detector.network.build` gives them.
        shape_px: height and width of its input.
        most: how many peaks are told, at most.

    Returns:
        A graph of `boxes` (n, most, 4) float32 x0, y0, x1, y1 in pixels of the input, `scores`
        (n, most) float32, falling, and `kinds` (n, most) int64, places in `KINDS`.
    """
    height, width = shape_px
    rows, columns = height // STRIDE, width // STRIDE
    told = min(most, rows * columns)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * STRIDE + STRIDE / 2
    centers = np.stack([x, y, x, y], axis=-1).reshape(1, rows * columns, 4)
    constants: Constants = {
        "low": np.float32(-RAW_LIMIT),
        "high": np.float32(RAW_LIMIT),
        "signed_px": np.array([-SIDE_PX, -SIDE_PX, SIDE_PX, SIDE_PX], np.float32),
        "centers": centers,
        "none": np.float32(0),
        "flat": np.array([-1, rows * columns * len(KINDS)]),
        "listed": np.array([-1, rows * columns, 4]),
        "most": np.array([told]),
        "kinds_of_place": np.int64(len(KINDS)),
        "last": np.array([2]),
        "corners": np.array([1, 1, 4]),
    }
    nodes = [
        _node("Sigmoid", [HEAT], "heats"),
        _node("Transpose", ["heats"], "maps", perm=[0, 3, 1, 2]),
        _node("MaxPool", ["maps"], "highest", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        _node("Less", ["maps", "highest"], "beside"),
        _node("Where", ["beside", "none", "maps"], "peak_maps"),
        _node("Transpose", ["peak_maps"], "peaks", perm=[0, 2, 3, 1]),
        _node("Reshape", ["peaks", "flat"], "flat_peaks"),
        _node("TopK", ["flat_peaks", "most"], SCORES, "which", axis=1),
        _node("Mod", ["which", "kinds_of_place"], PLACES),
        _node("Div", ["which", "kinds_of_place"], "at"),
        _node("Unsqueeze", ["at", "last"], "at_place"),
        _node("Expand", ["at_place", "corners"], "at_corners"),
        _node("Clip", [SIDES, "low", "high"], "limited"),
        _node("Exp", ["limited"], "shares"),
        _node("Mul", ["shares", "signed_px"], "away"),
        _node("Reshape", ["away", "listed"], "offsets"),
        _node("Add", ["offsets", "centers"], "all_boxes"),
        _node("GatherElements", ["all_boxes", "at_corners"], BOXES, axis=1),
    ]
    graph = onnx.ModelProto()
    graph.CopyFrom(network)
    graph.graph.node.extend(nodes)
    graph.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), _own(name)) for name, value in constants.items()
    )
    del graph.graph.output[:]
    graph.graph.output.extend(
        [
            helper.make_tensor_value_info(BOXES, TensorProto.FLOAT, ["n", told, 4]),
            helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, ["n", told]),
            helper.make_tensor_value_info(PLACES, TensorProto.INT64, ["n", told]),
        ]
    )
    onnx.checker.check_model(graph, full_check=True)
    return graph


def _node(operator: str, inputs: Sequence[str], *outputs: str, **settings: Any) -> onnx.NodeProto:
    return helper.make_node(operator, [*map(_own, inputs)], [*map(_own, outputs)], **settings)


def _own(name: str) -> str:
    """Keep names apart from those of the network, but for those that both must know."""
    return name if name in (HEAT, SIDES, BOXES, SCORES, PLACES) else f"peaks/{name}"
