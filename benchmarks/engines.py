"""The same network in other engines: each opened with one thread, asked one picture at a time.

Every engine is told to take one thread and to keep the precision of the file; what it was told is
in its `OPTIONS`. None of them is needed by anything else, so each is imported when it is opened.
"""

import importlib.metadata
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime import Bundle, BundleError
from runtime.preprocess import Batch

Logits = npt.NDArray[np.float32]
Ask = Callable[[Batch], Logits]  # (1, size, size, 3) uint8 to (1, classes) float32

PLACE = "comparison"  # the folder of a bundle that only this comparison reads
HOW = "run 'make compare', or pip install -r requirements/compare.txt"


@dataclass(frozen=True)
class Engine:
    """An engine that networks can be compared in.

    Attributes:
        name: as people call it.
        package: as it is installed.
        options: what it is told about threads and precision.
        form: the kind of file it reads, `onnx` or `litert`.
        open: makes it ready for a network file's bytes.
    """

    name: str
    package: str
    options: Mapping[str, Any]
    form: str
    open: Callable[[bytes, Mapping[str, Any]], Ask]

    def version(self) -> str | None:
        """Name the installed version; None where it is not installed."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return None


def network(bundle: Bundle, form: str, precision: str) -> tuple[str, str, bytes]:
    """Read a network of a bundle in the form that an engine reads.

    Args:
        bundle: holds ONNX files as variants, and perhaps LiteRT files for this comparison alone.
        form: `onnx` or `litert`.
        precision: `fp32` or `int8`.

    Returns:
        The file's name below the bundle, its SHA-256, and its bytes.

    Raises:
        BundleError: the bundle has no such network, or its file is not as the manifest says.
    """
    if form == "onnx":
        variant = bundle.variant(precision)
        return variant.file, variant.sha256, bundle.read(variant.file, variant.sha256)
    try:
        told = bundle.manifest["comparison"][form][precision]
        file, sha256 = f"{PLACE}/{Path(told['file']).name}", str(told["sha256"])
    except (KeyError, TypeError) as error:
        raise BundleError(
            "bundle_incompatible", "the bundle has no LiteRT form: publish it anew"
        ) from error
    return file, sha256, bundle.read(file, sha256)


def _onnxruntime(content: bytes, options: Mapping[str, Any]) -> Ask:
    # As `runtime.engine` opens it. Read at import: without it, it reports to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as ort

    told = ort.SessionOptions()
    told.intra_op_num_threads = options["intra_op_num_threads"]
    told.inter_op_num_threads = options["inter_op_num_threads"]
    told.log_severity_level = 3
    session = ort.InferenceSession(content, told, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(["logits"], {name: batch})[0])


def _openvino(content: bytes, options: Mapping[str, Any]) -> Ask:
    # Its import would send an event to its maker; without this package it sends none.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(content, b""), "CPU", dict(options))
    request = compiled.create_infer_request()
    return lambda batch: np.asarray(request.infer({0: batch})["logits"])


def _litert(content: bytes, options: Mapping[str, Any]) -> Ask:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, **options)
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()

    def ask(batch: Batch) -> Logits:
        interpreter.set_tensor(taken["index"], batch)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(given["index"]))

    return ask


ONNXRUNTIME = Engine(
    "onnxruntime",
    "onnxruntime",
    {"intra_op_num_threads": 1, "inter_op_num_threads": 1},
    "onnx",
    _onnxruntime,
)
ENGINES = (
    ONNXRUNTIME,
    Engine("LiteRT", "ai-edge-litert", {"num_threads": 1}, "litert", _litert),
    Engine(
        "OpenVINO",
        "openvino",
        # By itself it pins its thread to a core, which the others do not, and computes in bfloat16
        # where the processor can.
        {
            "INFERENCE_NUM_THREADS": 1,
            "ENABLE_CPU_PINNING": False,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        },
        "onnx",
        _openvino,
    ),
)
