"""Recipe to bundle by the public commands, in seconds, on drawn cells."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from export.cli import main
from runtime.lock import alone
from tests.export.conftest import COUNTS, DRAWN, laps
from tests.export.drawn_run import backbone_weights, publish
from tests.tiny_bundle import make_tiny_bundle

pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.export,
    # TensorFlow, Keras and tf2onnx warn of their own and each other's future.
    pytest.mark.filterwarnings("ignore"),
]


def test_a_run_keeps_its_recipe_log_and_origin(trained: Path) -> None:
    log = (trained / "log.csv").read_text().splitlines()
    assert len(log) == 1 + 1 + 40
    facts = json.loads((trained / "training.json").read_text())
    assert facts["data"]["train"]["count"] == len(DRAWN) * COUNTS["train"]
    assert 1 <= facts["best_epoch"] <= 40
    assert (trained / "recipe.toml").is_file()


def test_onnx_that_differs_from_keras_is_refused(
    trained: Path,
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    before = {file.name: file.read_bytes() for file in run.glob("model.*")}
    (run / "converted.part").mkdir()  # left by a killed conversion
    command = ["convert", str(run), "--data", str(drawn_cells), "--recipe"]
    assert main([*command, str(recipe_file(max_logit_difference="1e-12"))]) == 2
    assert "differs from Keras" in capsys.readouterr().err
    assert main([*command, str(recipe_file(seed="4", rate="1e-5"))]) == 2
    assert "was trained by in seed, train: change the export table" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in run.glob("model.*")} == before
    assert not (run / "converted.part").exists()


def test_a_second_run_goes_on_from_the_first(
    trained: Path, drawn_cells: Path, tmp_path: Path, recipe_file: Callable[..., Path]
) -> None:
    run = tmp_path / "second"
    recipe = recipe_file(frozen_epochs="0", rate="1e-5", laps=laps(1))
    command = ["train", str(recipe), "--data", str(drawn_cells), "--run", str(run)]
    assert main([*command, "--start", str(trained)]) == 0
    first, second = (json.loads((r / "training.json").read_text()) for r in (trained, run))
    assert second["started_from"]["model_sha256"] == first["model_sha256"]
    assert second["model_sha256"] != first["model_sha256"]


def test_a_killed_training_goes_on_to_the_same_model(
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import keras
    import numpy as np

    from export import checkpoint

    recipe, weights = recipe_file(laps=laps(2, 2)), backbone_weights(tmp_path / "b.weights.h5")
    command = ["train", str(recipe), "--data", str(drawn_cells), "--weights", str(weights), "--run"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main([*command, str(whole)]) == 0
    for killed_after in (1, 3, 4):  # at the end of the frozen stage, of a lap, inside a lap
        save, left = checkpoint.save, [killed_after]

        def save_and_stop(run: Path, model: keras.Model, progress: checkpoint.Progress) -> None:
            save(run, model, progress)  # noqa: B023  # called before the next round
            if progress.done == left[0]:  # noqa: B023
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, "save", save_and_stop)
            assert main([*command, str(broken)]) == 130
        assert main(["convert", str(broken), "--data", str(drawn_cells)]) == 2
    assert main([*command, str(broken)]) == 0
    said = capsys.readouterr()
    assert "going on after epoch 4" in said.err
    assert said.err.count("compiling the network") == 5
    assert said.out.count("fine-tuning, epoch 4/4") == 2
    ours, theirs = (keras.saving.load_model(r / "model.keras") for r in (whole, broken))
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for file in ("log.csv", "curves.png"):
        assert (broken / file).exists()
    assert not (broken / "checkpoint.npz").exists()


def test_another_training_is_not_overwritten_unasked(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = backbone_weights(tmp_path / "b.weights.h5")
    command = ["train", str(trained / "recipe.toml"), "--data", str(drawn_cells)]
    command += ["--weights", str(weights), "--run"]
    assert main([*command, str(trained)]) == 2
    assert "holds a finished training" in capsys.readouterr().err
    assert main([*command, str(trained), "--start", str(trained), "--fresh"]) == 2
    assert "is the run to start from" in capsys.readouterr().err
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.npz").write_bytes(b"PK\x03\x04 cut off")
    assert main([*command, str(run)]) == 2
    assert "--fresh" in capsys.readouterr().err


def test_a_set_without_splits_and_with_a_corrupt_picture_is_learnt_from(
    trained: Path,
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    shutil.copytree(drawn_cells / "train", data)
    (data / "platelet" / "corrupt.png").write_bytes(b"no picture")
    recipe = recipe_file(frozen_epochs="0", rate="1e-5", laps=laps(1))
    command = ["train", str(recipe), "--data", str(data), "--run", str(run)]
    assert main([*command, "--start", str(trained)]) == 0
    assert "corrupt.png" in capsys.readouterr().err
    facts = json.loads((run / "training.json").read_text())
    shares = [facts["data"][split]["count"] for split in ("train", "val")]
    assert shares == [pytest.approx(0.7 * 96, abs=3), pytest.approx(0.15 * 96, abs=3)]
    assert main(["convert", str(run), "--data", str(data)]) == 0


def test_a_class_that_the_data_lack_is_refused(
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    for label in DRAWN[:2]:
        shutil.copytree(drawn_cells / "train" / label, data / label)
    assert main(["train", str(recipe_file()), "--data", str(data), "--run", str(run)]) == 2
    refused = capsys.readouterr().err
    assert f"no picture of {DRAWN[2]}" in refused
    assert not run.exists()
    run.mkdir()
    (run / "model.keras").write_bytes(b"")
    facts = {"model_sha256": hashlib.sha256().hexdigest(), "data": {}}
    (run / "training.json").write_text(json.dumps(facts))
    _replace_recipe(run, recipe_file())
    assert main(["convert", str(run), "--data", str(data)]) == 2
    assert capsys.readouterr().err == refused


def test_a_run_with_other_classes_is_no_start(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    first, second, *_ = DRAWN
    text = (trained / "recipe.toml").read_text()
    swapped = text.replace(f'"{first}"', '"?"').replace(f'"{second}"', f'"{first}"')
    recipe.write_text(swapped.replace('"?"', f'"{second}"'))
    command = ["train", str(recipe), "--data", str(drawn_cells), "--start", str(trained)]
    assert main([*command, "--run", str(tmp_path / "run")]) == 2
    assert "another network or other classes" in capsys.readouterr().err


def test_a_folder_with_other_files_is_no_place_for_a_run(
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make_tiny_bundle(tmp_path, "bundle")
    before = sorted(p.name for p in run.iterdir())
    weights = backbone_weights(tmp_path / "b.weights.h5")
    command = ["train", str(recipe_file()), "--data", str(drawn_cells), "--weights", str(weights)]
    assert main([*command, "--run", str(run)]) == 2
    assert "which is not of a run" in capsys.readouterr().err
    assert sorted(p.name for p in run.iterdir()) == before


def test_a_folder_that_another_command_uses_is_left_alone(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, recipe = ["--data", str(drawn_cells)], str(trained / "recipe.toml")
    with alone(trained):
        assert main(["train", recipe, *data, "--run", str(trained), "--fresh"]) == 2
        assert main(["convert", str(trained), *data]) == 2
        assert publish(trained, drawn_cells, tmp_path / "models") == 2
    with alone(tmp_path / "models"):
        assert publish(trained, drawn_cells, tmp_path / "models") == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" is in use by another command")[0] for line in said] == [
        *[str(trained)] * 3,
        str(tmp_path / "models"),
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["train", "none.toml", "--data", "."], "none.toml cannot be read"),
        (["convert", "none", "--data", "."], "train it first"),
        (["publish", "none", "--data", "."], "none/recipe.toml cannot be read"),
        (["evaluate", "none", "."], "none is not a model bundle"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    command: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def _replace_recipe(run: Path, recipe: Path) -> None:
    """Give a run another recipe, as if it had been trained by it."""
    shutil.copyfile(recipe, run / "recipe.toml")
    facts = json.loads((run / "training.json").read_text())
    facts["recipe_sha256"] = hashlib.sha256(recipe.read_bytes()).hexdigest()
    (run / "training.json").write_text(json.dumps(facts))
