"""A network in onnxruntime: how every session of the device is opened."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.errors import BundleError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(network: bytes, threads: int, where: str) -> "InferenceSession":
    """Open a network in onnxruntime, set up for a device that does other things too.

    Args:
        network: the bytes of an ONNX file.
        threads: threads of one inference.
        where: what messages call the network.

    Raises:
        BundleError: onnxruntime cannot run it.
    """
    # Read at import: without it onnxruntime keeps a device id on disk and reports to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # Imported here: it takes longer than the rest of `import runtime` together.
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # An idle device must be idle: waiting threads sleep instead of spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    # onnxruntime's errors have no other common base.
    except Exception as error:
        raise BundleError(
            "bundle_incompatible",
            f"{where} cannot be run by onnxruntime {ort.__version__} ({error}): "
            "update the program or the bundle",
        ) from error


def any_number(shape: Sequence[int | str | None]) -> list[int | str | None]:
    """Call the batch size `n` unless it is fixed."""
    first = [n if isinstance(n, int) else "n" for n in shape[:1]]
    return [*first, *shape[1:]]
