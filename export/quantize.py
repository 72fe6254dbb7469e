"""fp32 ONNX to int8: static, per channel, calibrated on real pictures (QDQ form)."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from export.recipe import Export
from runtime.judgement import LOGITS, TEXTURES
from runtime.preprocess import Batch

METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
CHUNK = 32


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Hands calibration pictures over, a chunk at a time."""

    def __init__(self, batch: Batch) -> None:
        self._chunks = iter(np.array_split(batch, max(1, len(batch) // CHUNK)))

    def get_next(self) -> dict[str, Batch] | None:
        chunk = next(self._chunks, None)
        return None if chunk is None else {"pictures": chunk}


def quantize(
    fp32: Path,
    int8: Path,
    calibration: Batch,
    numbers: Export,
    float_outputs: Sequence[str] = (),
) -> None:
    """Write the int8 form of a network.

    Activations are uint8 and weights int8, the pair with the fastest kernels on x86-64; with
    `reduce_range` weights keep 7 bits, because processors without 8-bit dot products add pairs of
    products in 16 bits, which 8-bit weights can overflow.

    Args:
        fp32: the network to read.
        int8: the file to write.
        calibration: (n, size, size, 3) uint8 RGB, preprocessed as in serving.
        numbers: method of calibration, `reduce_range`, and how many convolutions stay float.
        float_outputs: outputs whose last convolution stays float too.
    """
    with tempfile.TemporaryDirectory() as folder:
        folded = Path(folder) / "folded.onnx"
        # Folds batch norms that the conversion left as Mul and Add after depthwise convolutions.
        quant_pre_process(fp32, folded, skip_symbolic_shape=True)
        quantize_static(
            folded,
            int8,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=numbers.reduce_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=METHODS[numbers.calibration_method],
            nodes_to_exclude=_float_nodes(
                onnx.load(folded), numbers.float_convolutions, float_outputs
            ),
        )


def _float_nodes(
    model: onnx.ModelProto, convolutions: int, float_outputs: Sequence[str]
) -> list[str]:
    """Name the nodes that stay float: the input's scaling, at no loss, and the first convolutions.

    These see the picture at its full size in a few channels, whose weights differ most in range.
    """
    scaled, names = {i.name for i in model.graph.input}, []
    for node in model.graph.node:
        if node.op_type != "Conv" and scaled & set(node.input):
            scaled.update(node.output)
            names.append(node.name)
    names += [n.name for n in model.graph.node if n.op_type == "Conv"][:convolutions]
    for output in float_outputs:
        names += _last_convolution(model, output)
    # Statistics would lose more to 8 bits than they cost in float.
    answering = _needed_by(model, LOGITS)
    return names + [n.name for n in _needed_by(model, TEXTURES).values() if n.name not in answering]


def _last_convolution(model: onnx.ModelProto, output: str) -> list[str]:
    """Name the nodes from an output back to the convolution before it."""
    makers = {name: node for node in model.graph.node for name in node.output}
    names = []
    while output in makers:
        node = makers[output]
        names.append(node.name)
        if node.op_type == "Conv":
            break
        output = node.input[0]
    return names


def _needed_by(model: onnx.ModelProto, output: str) -> dict[str, onnx.NodeProto]:
    """Find the nodes that an output is computed by; none where there is no such output."""
    needed, names = {}, {output}
    for node in reversed(model.graph.node):  # sorted: a node comes after those that it needs
        if names & set(node.output):
            names.update(node.input)
            needed[node.name] = node
    return needed
