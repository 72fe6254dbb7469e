"""A bundle to detect whose answers can be computed by hand.

Red light in a 4 x 4 block of the input is a white cell, green a red cell, blue a platelet: the
logit is `SHARPNESS` * (level / 255 - 1/2). Each box reaches 16 px from the middle of its block.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from export.detector.decoding import with_decoding
from runtime.detection import KINDS
from tests.tiny_bundle import write_variants

HEIGHT_PX, WIDTH_PX = 96, 128
SHARPNESS, REACH_PX = 12.0, 16.0
MOST = 40
BRIGHT = float(1 / (1 + np.exp(-SHARPNESS / 2)))  # the score of a block of full light


def tiny_network() -> bytes:
    """Build the graph: uint8 NHWC in, boxes, scores and kinds out."""
    rows, columns = HEIGHT_PX // 4, WIDTH_PX // 4
    nodes = [
        helper.make_node("Cast", ["pictures"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["levels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["means"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Mul", ["means", "sharp"], ["steep"]),
        helper.make_node("Sub", ["steep", "half"], ["logits"]),
        helper.make_node("Transpose", ["logits"], ["heat"], perm=[0, 2, 3, 1]),
        helper.make_node("Concat", ["heat", "heat"], ["twice"], axis=3),
        helper.make_node("Slice", ["twice", "zero", "four", "last"], ["any"]),
        helper.make_node("Mul", ["any", "none"], ["sides"]),
    ]
    constants = {
        "sharp": np.float32(SHARPNESS / 255),
        "half": np.float32(SHARPNESS / 2),
        "none": np.float32(0),
        "zero": np.array([0]),
        "four": np.array([4]),
        "last": np.array([3]),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(
                "pictures", TensorProto.UINT8, ["n", HEIGHT_PX, WIDTH_PX, 3]
            )
        ],
        [
            helper.make_tensor_value_info("heat", TensorProto.FLOAT, ["n", rows, columns, 3]),
            helper.make_tensor_value_info("sides", TensorProto.FLOAT, ["n", rows, columns, 4]),
        ],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(with_decoding(model, (HEIGHT_PX, WIDTH_PX), MOST).SerializeToString())


def dotted(
    *dots: tuple[str, int, int], width: int = WIDTH_PX, height: int = HEIGHT_PX, size: int = 4
) -> np.ndarray:
    """Draw squares of light on black: kind, left and upper edge."""
    picture = np.zeros((height, width, 3), np.uint8)
    for kind, x, y in dots:
        picture[y : y + size, x : x + size, KINDS.index(kind)] = 255  # type: ignore[arg-type]
    return picture


def make_tiny_detector(folder: Path, name: str = "tiny-fields", **changes: Any) -> Path:
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
    network = tiny_network()
    variants = write_variants(bundle, network)
    Image.fromarray(dotted(("wbc", 40, 40), ("rbc", 80, 40))).save(bundle / "golden.png")
    cells = [
        {"kind": "wbc", "box": [26, 26, 58, 58], "score": BRIGHT},
        {"kind": "rbc", "box": [66, 26, 98, 58], "score": BRIGHT},
    ]
    manifest = {
        "schema": "hematovision.bundle/2",
        "name": name,
        "title": "Dots of light",
        "version": "1.0.0",
        "task": "detect",
        "default": True,
        "classes": [
            {"id": "wbc", "title": "White cell", "color": "#7c3aed"},
            {"id": "rbc", "title": "Red cell", "color": "#dc2626"},
            {"id": "platelet", "title": "Platelet", "color": "#ca8a04"},
        ],
        "input": {
            "width": WIDTH_PX,
            "height": HEIGHT_PX,
            "layout": "NHWC",
            "dtype": "uint8",
            "color": "RGB",
        },
        "picking": {"thresholds": dict.fromkeys(KINDS, 0.5), "overlap": 0.5},
        "variants": variants,
        "training": {},
        "metrics": {},
        "golden": {
            "file": "golden.png",
            "sha256": hashlib.sha256((bundle / "golden.png").read_bytes()).hexdigest(),
            "cells": {"int8": cells, "fp32": cells},
            "tolerance": 0.01,
        },
    }
    (bundle / "manifest.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    return bundle
