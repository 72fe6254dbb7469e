"""A bundle of a few hundred bytes that finds colored squares, in a place and size that are plain.

The network's input, 48 x 64 pixels, is a lattice of squares of `SIDE_PX`. In each of them a cell is
found, whose box is the square: its kind is that of the strongest color, its score how much stronger
that is than the weakest, 0 to 1. So blue squares on gray glass are white cells, red ones red cells,
green ones platelets.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from runtime.detection import KINDS, Kind
from tests.tiny_bundle import write_variants

HEIGHT_PX, WIDTH_PX, SIDE_PX = 48, 64, 8
COLORS: Mapping[Kind, tuple[int, int, int]] = {
    "wbc": (0, 0, 250),
    "rbc": (240, 0, 0),
    "platelet": (0, 230, 0),
}
GLASS_LEVEL = 230
THRESHOLD = 0.5
ROWS, COLUMNS = HEIGHT_PX // SIDE_PX, WIDTH_PX // SIDE_PX


def draw_squares(
    cells: Mapping[tuple[int, int], Kind], level: float = 1.0, zoom: int = 1
) -> npt.NDArray[np.uint8]:
    """Draw cells that the bundle finds.

    Args:
        cells: row and column of each in the lattice, and its kind.
        level: how much of their colors is laid over the glass, 0 to 1, and so their scores.
        zoom: pixels of the picture to one of the network's input.

    Returns:
        (zoom * HEIGHT_PX, zoom * WIDTH_PX, 3) uint8 RGB.
    """
    picture = np.full((ROWS, COLUMNS, 3), GLASS_LEVEL, np.uint8)
    for place, kind in cells.items():
        picture[place] = np.rint(level * np.array(COLORS[kind]) + (1 - level) * GLASS_LEVEL)
    return picture.repeat(zoom * SIDE_PX, axis=0).repeat(zoom * SIDE_PX, axis=1)


def make_squares_detector(folder: Path, name: str = "squares", **changes: Any) -> Path:
    """Write the bundle below a folder.

    Args:
        folder: receives the bundle's own folder, called `name`.
        name: name of the bundle.
        changes: keys of the manifest to replace.

    Returns:
        The bundle's folder.
    """
    bundle = folder / name
    bundle.mkdir(parents=True)
    network = _network()
    variants = write_variants(bundle, network)
    Image.fromarray(draw_squares({(1, 2): "wbc"})).save(bundle / "golden.png")
    box = [2 * SIDE_PX, SIDE_PX, 3 * SIDE_PX, 2 * SIDE_PX]
    cells = [{"kind": "wbc", "box": box, "score": COLORS["wbc"][2] / 255}]
    manifest = {
        "schema": "hematovision.bundle/2",
        "name": name,
        "version": "1.0.0",
        "task": "detect",
        "default": True,
        "classes": [
            {"id": "wbc", "title": "White cell", "color": "#1d4ed8"},
            {"id": "rbc", "title": "Red cell", "color": "#dc2626"},
            {"id": "platelet", "title": "Platelet", "color": "#7e22ce"},
        ],
        "input": {
            "height": HEIGHT_PX,
            "width": WIDTH_PX,
            "layout": "NHWC",
            "dtype": "uint8",
            "color": "RGB",
        },
        "picking": {"thresholds": dict.fromkeys(KINDS, THRESHOLD), "overlap": 0.5},
        "variants": variants,
        "trust": None,
        "training": {},
        "metrics": {},
        "golden": {
            "file": "golden.png",
            "sha256": hashlib.sha256((bundle / "golden.png").read_bytes()).hexdigest(),
            "cells": {"int8": cells, "fp32": cells},
            "tolerance": 0.001,
        },
    }
    (bundle / "manifest.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    return bundle


def _network() -> bytes:
    """Build the graph: uint8 NHWC in; boxes, scores and kinds of each square out."""
    places = ROWS * COLUMNS
    nodes = [
        helper.make_node("Cast", ["pictures"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["levels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool",
            ["planes"],
            ["squares"],
            kernel_shape=[SIDE_PX, SIDE_PX],
            strides=[SIDE_PX, SIDE_PX],
        ),
        helper.make_node("Reshape", ["squares", "flat"], ["rows"]),
        helper.make_node("Gather", ["rows", "order"], ["kinds_first"], axis=1),
        helper.make_node("Div", ["kinds_first", "white"], ["shares"]),
        helper.make_node("ReduceMax", ["shares"], ["most"], axes=[1], keepdims=0),
        helper.make_node("ReduceMin", ["shares"], ["least"], axes=[1], keepdims=0),
        helper.make_node("Sub", ["most", "least"], ["scores"]),
        helper.make_node("ArgMax", ["shares"], ["kinds"], axis=1, keepdims=0),
        helper.make_node("Unsqueeze", ["scores", "last"], ["columns"]),
        helper.make_node("Mul", ["columns", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "lattice"], ["boxes"]),
    ]
    down, across = (SIDE_PX * grid.ravel() for grid in np.mgrid[:ROWS, :COLUMNS])
    lattice = np.stack([across, down, across + SIDE_PX, down + SIDE_PX], axis=1)
    graph = helper.make_graph(
        nodes,
        "squares",
        [
            helper.make_tensor_value_info(
                "pictures", TensorProto.UINT8, ["n", HEIGHT_PX, WIDTH_PX, 3]
            )
        ],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["n", places, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", places]),
            helper.make_tensor_value_info("kinds", TensorProto.INT64, ["n", places]),
        ],
        [
            numpy_helper.from_array(np.array([0, 3, places]), "flat"),
            # Red, green and blue in the order of the kinds.
            numpy_helper.from_array(np.array([2, 0, 1]), "order"),
            numpy_helper.from_array(np.float32(255), "white"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.float32(0), "none"),
            numpy_helper.from_array(lattice.astype(np.float32)[None], "lattice"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
