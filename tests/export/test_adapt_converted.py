"""A converted run, published and adapted: its int8 network holds quantized layers."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from PIL import Image

from export.cli import main
from runtime import Engine
from runtime.images import Picture
from runtime.synthetic import draw_cell
from runtime.verify import verify_all
from tests.export.conftest import DRAWN
from tests.export.drawn_run import publish

pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.export, pytest.mark.filterwarnings("ignore")]


def away(label: str, seed: int) -> Picture:
    """Draw a cell under half the light."""
    return (draw_cell(label, 9000 + seed, 72, 0.5) * 0.55).astype(np.uint8)


def test_both_networks_of_a_converted_run_are_adapted(
    trained: Path, drawn_cells: Path, tmp_path: Path
) -> None:
    assert publish(trained, drawn_cells, tmp_path / "models") == 0
    shipped, site = tmp_path / "models" / "drawn", tmp_path / "models" / "site"
    for label in DRAWN:
        (tmp_path / "cells" / label).mkdir(parents=True)
        for seed in range(24):
            Image.fromarray(away(label, seed)).save(tmp_path / "cells" / label / f"{seed}.png")
    words = ["adapt", str(shipped), "--data", str(tmp_path / "cells"), "--name", "site"]
    assert main([*words, "--models", str(tmp_path / "models")]) == 0
    others = [(label, away(label, seed)) for label in DRAWN for seed in range(100, 110)]
    for variant in ("int8", "fp32"):
        before, after = (
            np.mean([engine.classify(cell).label == label for label, cell in others])
            for engine in (Engine.load(path, variant, threads=1) for path in (shipped, site))
        )
        assert after > before
    assert [c.variant for c in verify_all(Engine.load(site).bundle)] == ["int8", "fp32"]
    network = onnx.load(site / "model.int8.onnx")
    assert any(node.op_type == "QuantizeLinear" for node in network.graph.node)
    session = ort.InferenceSession(site / "model.int8.onnx", providers=["CPUExecutionProvider"])
    pictures = np.stack([away(label, 0)[20:52, 20:52] for label in DRAWN])
    logits, activation = session.run(["logits", "activation"], {"pictures": pictures})
    np.testing.assert_allclose(activation.mean(axis=(1, 2)), logits, atol=0.1)
