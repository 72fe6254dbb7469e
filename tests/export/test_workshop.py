"""Recipe to bundle by the public commands, in seconds, on drawn cells."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from export.cli import main
from runtime import Engine, Refusal
from runtime.verify import verify_all
from tests.export.conftest import COUNTS, DRAWN

pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.export,
    # TensorFlow, Keras and tf2onnx warn of their own and each other's future.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def trained(drawn_cells: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train and convert once for this file."""
    from tests.export.conftest import recipe_file

    folder = tmp_path_factory.mktemp("workshop")
    recipe = recipe_file.__wrapped__(folder)()
    run = folder / "run"
    assert main(["train", str(recipe), "--data", str(drawn_cells), "--run", str(run)]) == 0
    assert main(["convert", str(run), "--data", str(drawn_cells)]) == 0
    return run


def publish(run: Path, data: Path, models: Path, *more: str) -> int:
    return main(["publish", str(run), "--data", str(data), "--models", str(models), *more])


def test_a_run_keeps_its_recipe_log_and_origin(trained: Path) -> None:
    log = (trained / "log.csv").read_text().splitlines()
    assert len(log) == 1 + 2 + 2
    facts = json.loads((trained / "training.json").read_text())
    assert facts["data"]["train"]["count"] == len(DRAWN) * COUNTS["train"]
    assert facts["best_epoch"] in (1, 2)
    assert (trained / "recipe.toml").is_file()


def test_a_published_bundle_answers_and_proves_itself(
    trained: Path, drawn_cells: Path, tmp_path: Path
) -> None:
    assert publish(trained, drawn_cells, tmp_path, "--default") == 0
    engine = Engine.load(tmp_path / "drawn")
    assert engine.bundle.is_default
    assert [c.variant for c in verify_all(engine.bundle)] == ["int8", "fp32"]
    cells = sorted((drawn_cells / "test").rglob("*.png"))
    assert not any(isinstance(a, Refusal) for a in engine.classify_batch(cells))
    metrics = engine.bundle.manifest["metrics"][drawn_cells.name]
    assert metrics["test"]["int8"]["n"] == len(cells)
    assert metrics["test"]["fp32"]["accuracy"] >= 2 / 3
    card = (tmp_path / "drawn" / "CARD.md").read_text()
    assert f"{100 * metrics['test']['int8']['accuracy']:.2f}" in card
    assert engine.bundle.variants["int8"].bytes < engine.bundle.variants["fp32"].bytes


def test_publishing_again_raises_the_version_and_leaves_nothing_beside_it(
    trained: Path, drawn_cells: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        assert publish(trained, drawn_cells, tmp_path) == 0
    assert Engine.load(tmp_path / "drawn").bundle.version == "1.1.0"
    assert [p.name for p in tmp_path.iterdir()] == ["drawn"]


def test_other_data_is_reported_beside_it(trained: Path, drawn_cells: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(drawn_cells / "test" / "platelet", other / "platelet")
    assert publish(trained, drawn_cells, tmp_path / "models", "--also", str(other)) == 0
    metrics = Engine.load(tmp_path / "models" / "drawn").bundle.manifest["metrics"]
    assert metrics["elsewhere"]["all"]["int8"]["n"] == COUNTS["test"]


def test_an_int8_network_that_falls_behind_is_not_published(
    trained: Path,
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    shutil.copyfile(recipe_file(min_agreement="1.0", max_points_lost="0.0"), run / "recipe.toml")
    _spoil(run / "model.int8.onnx")
    assert publish(run, drawn_cells, tmp_path / "models") == 2
    assert "nothing was published" in capsys.readouterr().err
    assert list((tmp_path / "models").iterdir()) == []


def test_onnx_that_differs_from_keras_is_refused(
    trained: Path,
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    shutil.copyfile(recipe_file(max_logit_difference="1e-12"), run / "recipe.toml")
    assert main(["convert", str(run), "--data", str(drawn_cells)]) == 2
    assert "differs from Keras" in capsys.readouterr().err


def test_evaluate_prints_figures_for_any_bundle(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for color in ("red", "blue"):
        (tmp_path / "data" / color).mkdir(parents=True)
        Image.new("RGB", (40, 40), color).save(tmp_path / "data" / color / "a.png")
    assert main(["evaluate", str(tiny_bundle), str(tmp_path / "data"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["train", "none.toml", "--data", "."], "none.toml cannot be read"),
        (["convert", "none", "--data", "."], "train it first"),
        (["publish", "none", "--data", "."], "none"),
        (["evaluate", "none", "."], "none"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    command: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def _spoil(file: Path) -> None:
    """Turn the signs of the last layer's biases and weights, so that other classes win."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load(file)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.int8 and values.shape[-1:] == (len(DRAWN),):
            tensor.CopyFrom(numpy_helper.from_array(np.flip(values, -1).copy(), tensor.name))
    onnx.save(model, file)
