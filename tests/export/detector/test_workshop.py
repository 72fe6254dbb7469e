"""From drawn fields to a bundle that finds their cells, by the commands."""

import json
from pathlib import Path

import numpy as np
import pytest

from export.cli import main
from runtime import Detector, list_bundles
from runtime.bundle import Bundle
from runtime.verify import verify_all
from tests.export.detector.conftest import draw_field, write_fields

pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.export,
    # TensorFlow, Keras and tf2onnx warn of their own and each other's future.
    pytest.mark.filterwarnings("ignore"),
]


def test_fields_become_a_bundle_that_is_measured(
    tmp_path: Path, small_recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_fields(tmp_path / "drawn", {"train": 6, "val": 3, "test": 3})
    other = write_fields(tmp_path / "elsewhere", {"train": 2})
    run, models = tmp_path / "run", tmp_path / "models"
    common = ["--data", str(data)]
    import keras

    keras.utils.set_random_seed(0)
    whole = keras.applications.MobileNetV2(
        input_shape=(None, None, 3), alpha=0.35, include_top=False, weights=None
    )
    whole.save_weights(weights := tmp_path / "random.weights.h5")
    train = ["train", str(small_recipe), *common, "--weights", str(weights), "--run", str(run)]
    assert main(train) == 0
    assert {"model.keras", "log.csv", "curves.png"} <= {p.name for p in run.iterdir()}
    assert main(["convert", str(run), *common]) == 0
    capsys.readouterr()
    publish = ["publish", str(run), *common, "--also", str(other), "--models", str(models)]
    assert main([*publish, "--default"]) == 0, capsys.readouterr().err
    assert "elsewhere, all" in capsys.readouterr().out

    (bundle,) = list_bundles(models)
    assert isinstance(bundle, Bundle)
    assert (bundle.task, bundle.is_default, bundle.version) == ("detect", True, "1.0.0")
    assert [c.variant for c in verify_all(bundle)] == ["int8", "fp32"]
    card = (bundle.path / "CARD.md").read_text(encoding="utf-8")
    assert "drawn, test, int8" in card
    assert (bundle.path / "figures" / "precision-recall-elsewhere.png").exists()
    picture = np.asarray(draw_field(np.random.default_rng(9))[0])
    assert isinstance(Detector.load(bundle.path).detect(picture), list)

    out = tmp_path / "report"
    assert main(["evaluate", str(bundle.path), str(data), "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "hematovision.detection/1"
    assert document["variants"]["int8"]["n"] == 3
    assert set(document["variants"]["int8"]["kinds"]) == {"wbc", "rbc", "platelet"}
    assert {p.name for p in out.iterdir()} == {
        "report.json",
        "report.md",
        "precision-recall.png",
        "worst.png",
    }


def test_other_fields_than_those_of_the_training_are_refused(
    tmp_path: Path, small_recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.detector.recipe import load_detector_recipe
    from export.detector.train import fingerprints, read_splits, refuse_other_fields
    from export.errors import ExportError
    from export.run import sha256

    recipe = load_detector_recipe(small_recipe)
    data = write_fields(tmp_path / "drawn", {"train": 2, "val": 1})
    splits = read_splits([data], recipe, ("train", "val"))
    run = tmp_path / "run"
    run.mkdir()
    (run / "recipe.toml").write_bytes(small_recipe.read_bytes())
    (run / "model.keras").write_bytes(b"weights")
    facts = {
        "recipe_sha256": sha256(run / "recipe.toml"),
        "model_sha256": sha256(run / "model.keras"),
        "data": fingerprints(splits),
    }
    (run / "training.json").write_text(json.dumps(facts), encoding="utf-8")
    refuse_other_fields(run, splits)
    swapped = {"drawn": {"train": splits["drawn"]["val"], "val": splits["drawn"]["train"]}}
    with pytest.raises(ExportError, match="the train split is not the one"):
        refuse_other_fields(run, swapped)


def test_a_data_set_without_boxes_is_refused(
    tmp_path: Path, small_recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cells" / "neutrophil"
    folder.mkdir(parents=True)
    draw_field(np.random.default_rng(0))[0].save(folder / "one.png")
    train = ["train", str(small_recipe), "--data", str(folder.parent), "--run", str(tmp_path / "r")]
    assert main([*train, "--weights", "none.h5"]) == 2
    assert "holds no boxes: a detector needs fields with boxes" in capsys.readouterr().err
