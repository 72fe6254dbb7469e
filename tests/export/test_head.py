import numpy as np
import onnx
import onnxruntime as ort
import pytest

from export.head import Head, fit, put_head, read_head
from runtime.bundle import MODELS, read_bundle
from runtime.preprocess import to_input
from runtime.synthetic import draw_cell
from tests.export.tiny_site import HOME_COLORS, SITE_COLORS, cells
from tests.tiny_bundle import SIZE_PX, tiny_network


def test_a_head_is_read_and_put_in_for_logits_and_map_alike() -> None:
    network = onnx.load_from_string(tiny_network())
    head = read_head(network)
    assert np.allclose(head.weights, 6 * np.eye(3), atol=1e-5)
    other = fit(head, cells(SITE_COLORS, 8, 0), cells(HOME_COLORS, 8, 1), 1.0)
    twice = put_head(put_head(network, head), other)
    pictures = np.random.default_rng(0).integers(0, 256, (2, SIZE_PX, SIZE_PX, 3), np.uint8)
    session = ort.InferenceSession(twice.SerializeToString(), providers=["CPUExecutionProvider"])
    asked = ["logits", "activation", "features", "attributes"]
    logits, activation, features, attributes = session.run(asked, {"pictures": pictures})
    assert np.allclose(logits, other(features), atol=1e-4)
    assert np.allclose(activation.mean(axis=(1, 2)), logits, atol=1e-4)
    assert np.allclose(attributes, logits[:, [0, 2]])


def test_classes_that_a_site_lacks_keep_their_logits() -> None:
    head = read_head(onnx.load_from_string(tiny_network()))
    some = {c: SITE_COLORS[c] for c in ("red", "green")}
    found = fit(head, cells(some, 8, 0), cells(HOME_COLORS, 8, 1), 1.0)
    assert np.array_equal(found.weights[:, 2], head.weights[:, 2])
    assert not np.allclose(found.weights[:, :2], head.weights[:, :2])


def test_the_more_home_counts_the_less_a_head_moves() -> None:
    head = read_head(onnx.load_from_string(tiny_network()))
    site, home = cells(SITE_COLORS, 8, 0), cells(HOME_COLORS, 8, 1)
    far, near = (
        np.linalg.norm(fit(head, site, home, hold).weights - head.weights) for hold in (0.1, 1000.0)
    )
    assert near < far / 2


@pytest.mark.parametrize(("variant", "close"), [("int8", 0.05), ("fp32", 1e-4)])
def test_a_head_is_put_behind_the_layers_that_ship(variant: str, close: float) -> None:
    bundle = read_bundle(MODELS / "pbc")
    network = onnx.load(bundle.path / bundle.variants[variant].file)
    head = read_head(onnx.load(bundle.path / bundle.variants["fp32"].file))
    backwards = Head(head.weights[:, ::-1].copy(), head.bias[::-1].copy())
    changed = put_head(network, backwards)
    assert len(changed.graph.initializer) < len(network.graph.initializer)
    cells = [draw_cell(c.id, 3) for c in bundle.classes]
    pictures = np.stack([to_input(cell, bundle.size_px, bundle.framing) for cell in cells])
    asked = ["features", "logits", "activation"]
    before, after = (
        ort.InferenceSession(n.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            asked, {"pictures": pictures}
        )
        for n in (network, changed)
    )
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_allclose(after[1], backwards(after[0]), atol=1e-4)
    np.testing.assert_allclose(after[1][:, ::-1], before[1], atol=2 * close)
    np.testing.assert_allclose(after[2].mean(axis=(1, 2)), after[1], atol=close)
    assert np.ptp(after[1], axis=1).min() > 1
