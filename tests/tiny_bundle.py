"""A bundle of a few hundred bytes whose answers can be computed by hand.

The network is the mean color of the picture: logits = SHARPNESS * (mean R, mean G, mean B) / 255.
So the class is the strongest channel, and a pure red picture has the probability
e^SHARPNESS / (e^SHARPNESS + 2) of being `red`. `fp32` and `int8` hold the same float graph. Its
`features` are the means from 0 to 1, its `textures` those from 0 to 255, its `activation` map is
the picture itself, and its only attribute, `tone`, is `warm` as far as the picture is red and
`cool` as far as it is blue.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIZE_PX = 32
SHARPNESS = 6.0
CLASSES = ("red", "green", "blue")
TONES = ("warm", "cool")
TONE = {"id": "tone", "title": "Tone", "values": list(TONES), "of": ["red", "blue"]}
# Colors that a bundle of `make_trusting_bundle` is confident of, uncertain of, and unfamiliar with.
CONFIDENT, UNCERTAIN, UNFAMILIAR = (200, 0, 0), (60, 0, 0), (0, 0, 255)
RED = float(np.exp(SHARPNESS) / (np.exp(SHARPNESS) + 2))
OTHER = (1 - RED) / 2


def tiny_network(sharpness: float = SHARPNESS) -> bytes:
    """Build the graph: uint8 NHWC in, logits out."""
    nodes = [
        helper.make_node("Cast", ["pictures"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["levels"], ["means"], axes=[1, 2], keepdims=0),
        helper.make_node("Div", ["levels", "white"], ["places"]),
        helper.make_node("Div", ["means", "white"], ["features"]),
        helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        helper.make_node("MatMul", ["places", "weights"], ["activation"]),
        helper.make_node("Identity", ["means"], ["textures"]),
        helper.make_node("Gather", ["logits", "tones"], ["attributes"], axis=1),
    ]
    places: dict[str, list[str | int]] = {
        "logits": ["n", len(CLASSES)],
        "activation": ["n", SIZE_PX, SIZE_PX, len(CLASSES)],
        "features": ["n", 3],
        "textures": ["n", 3],
        "attributes": ["n", len(TONES)],
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", SIZE_PX, SIZE_PX, 3])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in places.items()],
        [
            numpy_helper.from_array(np.float32(255), "white"),
            numpy_helper.from_array(sharpness * np.eye(3, dtype=np.float32), "weights"),
            numpy_helper.from_array(np.array([0, 2]), "tones"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def write_variants(bundle: Path, network: bytes) -> dict[str, Any]:
    """Write one network as both variants of a bundle, and describe them as its manifest does."""
    variants: dict[str, Any] = {"default": "int8"}
    for variant in ("int8", "fp32"):
        file = f"model.{variant}.onnx"
        (bundle / file).write_bytes(network)
        digest = hashlib.sha256(network).hexdigest()
        variants[variant] = {"file": file, "sha256": digest, "bytes": len(network)}
    return variants


def make_tiny_bundle(folder: Path, name: str = "tiny", **changes: Any) -> Path:
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
    Image.new("RGB", (SIZE_PX, SIZE_PX), (255, 0, 0)).save(bundle / "golden.png")
    golden = dict(zip(CLASSES, (RED, OTHER, OTHER), strict=True))
    manifest = {
        "schema": "hematovision.bundle/1",
        "name": name,
        "title": "Mean colors",
        "version": "1.0.0",
        "task": "classify",
        "default": True,
        "classes": [
            {"id": "red", "title": "Red", "color": "#dc2626"},
            {"id": "green", "title": "Green", "color": "#16a34a"},
            {"id": "blue", "title": "Blue", "color": "#2563eb"},
        ],
        "input": {
            "size": SIZE_PX,
            "layout": "NHWC",
            "dtype": "uint8",
            "color": "RGB",
            "window_um": None,
            "um_per_px": None,
        },
        "variants": variants,
        "trust": None,
        "training": {},
        "metrics": {},
        "golden": {
            "file": "golden.png",
            "sha256": hashlib.sha256((bundle / "golden.png").read_bytes()).hexdigest(),
            "probabilities": {"int8": golden, "fp32": golden},
            "tolerance": 0.001,
        },
    }
    (bundle / "manifest.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    return bundle


def trusting(bundle: Path, **numbers: float) -> dict[str, Any]:
    """Write `trust.npz` into the bundle, and return what its manifest says of trust.

    Pictures of one gray are familiar, and the farther from gray the less so: ln of the distance.
    """
    gray = np.full((3, 1), 3**-0.5, np.float32)
    center, spread = np.zeros(3, np.float32), np.ones(3, np.float32)
    np.savez(bundle / "trust.npz", center=center, spread=spread, directions=gray)
    chosen = {
        "temperature": 1.0,
        "caution": 0.0,
        "familiar": 0.0,
        "unfamiliar": 9.0,
        "confident": 0.9,
        "included": 0.05,
    }
    digest = hashlib.sha256((bundle / "trust.npz").read_bytes()).hexdigest()
    return {**chosen, **numbers, "file": "trust.npz", "sha256": digest}


def make_trusting_bundle(folder: Path, name: str = "trusting") -> Path:
    """Write a bundle that says what its answers are worth, and the tone of red and blue cells."""
    bundle = make_tiny_bundle(folder, name, attributes=[TONE])
    file = bundle / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    trust = trusting(bundle, unfamiliar=4.7)
    file.write_text(json.dumps(manifest | {"trust": trust}), encoding="utf-8")
    return bundle
