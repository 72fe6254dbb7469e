"""A network that does not keep what its manifest promises is refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper  # noqa: TID251 - builds the graphs to be refused

from runtime import BundleError, Engine
from runtime.verify import verify
from tests.runtime.shades import Edit, shade
from tests.tiny_bundle import (
    SIZE_PX,
    tiny_network,
)


def network(
    takes: tuple[int, list[Any]] = (TensorProto.UINT8, ["n", SIZE_PX, SIZE_PX, 3]),
    output: str = "logits",
    keepdims: int = 0,
    cast: int = TensorProto.FLOAT,
) -> bytes:
    """Build a graph that runs but may not be one that the manifest promises."""
    nodes = [
        helper.make_node("Cast", ["pictures"], ["levels"], to=cast),
        helper.make_node("ReduceMean", ["levels"], [output], axes=[1, 2], keepdims=keepdims),
        helper.make_node("ReduceMax", ["levels"], ["more"], axes=[1, 2], keepdims=0),
    ]
    # In a converted graph they stand in the order of their names.
    gives = [helper.make_empty_tensor_value_info(name) for name in sorted([output, "more"])]
    graph = helper.make_graph(
        nodes, "other", [helper.make_tensor_value_info("pictures", *takes)], gives
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.fixture
def swap(tiny_bundle: Path, edit: Edit) -> Callable[[bytes], Path]:
    """Put another network into the bundle, with its right hash."""

    def swapped(content: bytes) -> Path:
        (tiny_bundle / "model.int8.onnx").write_bytes(content)
        entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        edit(tiny_bundle, lambda manifest: manifest["variants"]["int8"].update(entry))
        return tiny_bundle

    return swapped


def test_another_graph_that_fits_is_run(swap: Callable[[bytes], Path]) -> None:
    engine = Engine.load(swap(network()), threads=1)
    assert engine.classify(np.full((20, 20, 3), (9, 0, 5), np.uint8)).label == "red"


def test_a_network_that_computes_no_number_never_answers(swap: Callable[[bytes], Path]) -> None:
    folder = swap(tiny_network(sharpness=float("nan")))
    with pytest.raises(BundleError, match="not finite") as caught:
        Engine.load(folder, threads=1).classify(shade(3))
    assert caught.value.code == "bundle_damaged"
    with pytest.raises(BundleError, match="not finite"):
        verify(folder, "int8")


@pytest.mark.parametrize(
    "changes",
    [
        {"takes": (TensorProto.FLOAT, ["n", SIZE_PX, SIZE_PX, 3])},
        {"takes": (TensorProto.UINT8, ["n", 3, SIZE_PX, SIZE_PX])},
        {"takes": (TensorProto.UINT8, ["n", 64, 64, 3])},
        {"takes": (TensorProto.UINT8, ["n", SIZE_PX, SIZE_PX, 4])},
        {"takes": (TensorProto.UINT8, ["n", "h", "w", 3])},
        {"takes": (TensorProto.UINT8, [1, SIZE_PX, SIZE_PX, 3])},
        {"output": "others"},
        {"keepdims": 1},
        {"cast": TensorProto.DOUBLE},
    ],
    ids=str,
)
def test_a_graph_that_breaks_its_manifest_promise_is_refused(
    swap: Callable[[bytes], Path], changes: dict[str, Any]
) -> None:
    folder = swap(network(**changes))
    with pytest.raises(BundleError, match=r"its manifest promises .*: export the bundle") as caught:
        Engine.load(folder, threads=1)
    assert caught.value.code == "bundle_incompatible"
    assert "\n" not in str(caught.value)


def test_a_graph_with_another_number_of_classes_is_refused(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda manifest: manifest["classes"].pop())
    with pytest.raises(BundleError, match="its manifest promises"):
        Engine.load(tiny_bundle, threads=1)


@pytest.mark.parametrize(
    "content",
    [b"garbage", bytes(1000), b"PK\x03\x04" + bytes(50), network()[:-20], b"\x08" * 99],
    ids=["text", "zeros", "zip", "cut off", "bytes"],
)
def test_garbage_with_the_right_hash_is_refused(
    swap: Callable[[bytes], Path], content: bytes
) -> None:
    folder = swap(content)
    with pytest.raises(BundleError, match=r"cannot be run by onnxruntime [\d.]+ ") as caught:
        Engine.load(folder, threads=1)
    assert caught.value.code == "bundle_incompatible"
    assert str(folder / "model.int8.onnx") in str(caught.value)
    assert "update the program or the bundle" in str(caught.value)
    assert "\n" not in str(caught.value)
