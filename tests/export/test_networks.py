from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.errors import RecipeError
from export.recipe import Recipe, load_recipe
from runtime.synthetic import draw_cell

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.export, pytest.mark.filterwarnings("ignore")]

PREPROCESS = {
    "mobilenet_v1": "mobilenet",
    "mobilenet_v2": "mobilenet_v2",
    # Their preprocess_input does nothing, because the scaling is an option of the network itself.
    "mobilenet_v3_small": "mobilenet_v2",
    "mobilenet_v3_large": "mobilenet_v2",
    "resnet50": "resnet50",
    "vgg16": "vgg16",
}
RecipeFile = Callable[..., Path]


def recipe_of(recipe_file: RecipeFile, backbone: str) -> Recipe:
    alpha = "0.25" if backbone == "mobilenet_v1" else "1.0"
    return load_recipe(recipe_file(backbone=f'"{backbone}"', alpha=alpha))


def picture() -> np.ndarray:
    return draw_cell("monocyte", 1, 64, 0.5)[None]


@pytest.mark.parametrize("backbone", PREPROCESS)
def test_each_backbone_gets_the_scaling_that_its_weights_were_made_for(
    recipe_file: RecipeFile, backbone: str
) -> None:
    from export import networks

    model = networks.build(recipe_of(recipe_file, backbone), weights=None)
    assert model(picture())["logits"].shape == (1, 3)
    inner = keras.Model(model.inputs, _into_backbone(model))
    expected = getattr(keras.applications, PREPROCESS[backbone]).preprocess_input(
        picture().astype(np.float32)
    )
    np.testing.assert_allclose(inner(picture()), expected, atol=1e-4)


@pytest.mark.parametrize("backbone", ["mobilenet_v3_small", "resnet50"])
def test_other_backbones_become_onnx_and_int8(
    recipe_file: RecipeFile, tmp_path: Path, backbone: str
) -> None:
    import onnx
    import onnxruntime as ort

    from export import networks
    from export.convert import compare, to_onnx
    from export.quantize import quantize

    recipe = recipe_of(recipe_file, backbone)
    keras.utils.set_random_seed(1)
    model = networks.build(recipe, weights=None)
    cells = np.stack([draw_cell("monocyte", seed, 32, 1.0) for seed in range(8)])
    onnx.save(to_onnx(networks.serving(model, recipe), recipe), tmp_path / "fp32.onnx")
    assert compare(model, tmp_path / "fp32.onnx", cells, 1e-2) <= 1e-2
    quantize(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", cells, recipe.export)
    session = ort.InferenceSession(tmp_path / "int8.onnx")
    logits, activation = session.run(["logits", "activation"], {"pictures": cells})
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(activation.mean(axis=(1, 2)), logits, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("backbone", PREPROCESS)
def test_folding_batch_norms_leaves_the_function(recipe_file: RecipeFile, backbone: str) -> None:
    from export import networks
    from export.fold import folded

    network = recipe_of(recipe_file, backbone).network
    plain = networks.BACKBONES[backbone].build(
        network, input_shape=(None, None, 3), include_top=False, weights=None
    )
    rng = np.random.default_rng(1)
    for layer in plain.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    inputs = rng.uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    same = folded(plain)
    assert not any(isinstance(x, keras.layers.BatchNormalization) for x in same.layers)
    expected = keras.ops.convert_to_numpy(plain(inputs, training=False))
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(same(inputs), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("backbone", "alpha"), [("mobilenet_v2", "1.0"), ("mobilenet_v1", "0.5")])
def test_weights_of_another_network_are_refused_in_one_line(
    recipe_file: RecipeFile,
    tmp_path: Path,
    backbone: str,
    alpha: str,
    recwarn: pytest.WarningsRecorder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from export import networks

    small = networks.build(recipe_of(recipe_file, "mobilenet_v1"), weights=None)
    file = tmp_path / "v1.weights.h5"
    small.get_layer(networks.BACKBONE).save_weights(file)
    recwarn.clear()
    other = load_recipe(recipe_file(backbone=f'"{backbone}"', alpha=alpha))
    with pytest.raises(RecipeError, match=r"do not fit .* alpha must match the file") as caught:
        networks.build(other, str(file))
    assert len(str(caught.value)) < len(str(file)) + 120
    assert "\n" not in str(caught.value)
    assert not [w for w in recwarn if w.category is UserWarning]
    assert capsys.readouterr().err == ""


def test_a_file_that_holds_no_weights_is_said(recipe_file: RecipeFile, tmp_path: Path) -> None:
    from export import networks

    file = tmp_path / "page.weights.h5"
    file.write_text("<html>")
    with pytest.raises(RecipeError, match="cannot be had"):
        networks.build(recipe_of(recipe_file, "mobilenet_v1"), str(file))


def _into_backbone(model: Any) -> Any:
    """Return the tensor that the backbone is called on."""
    (node,) = model.get_layer("backbone")._inbound_nodes[-1:]
    return node.input_tensors[0]
