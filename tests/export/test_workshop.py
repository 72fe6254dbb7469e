"""Recipe to bundle by the public commands, in seconds, on drawn cells."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from export.cli import main
from export.lock import alone
from export.run import finished
from runtime import Engine, Refusal
from runtime.synthetic import draw_cell
from runtime.verify import verify_all
from tests.export.conftest import COUNTS, DRAWN, laps, write_recipe
from tests.tiny_bundle import make_tiny_bundle

pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.export,
    # TensorFlow, Keras and tf2onnx warn of their own and each other's future.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def trained(drawn_cells: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train and convert once for this file."""
    folder = tmp_path_factory.mktemp("workshop")
    recipe = write_recipe(folder)
    weights, run = _backbone(folder / "backbone.weights.h5"), folder / "run"
    command = ["train", str(recipe), "--data", str(drawn_cells), "--weights", str(weights)]
    assert main([*command, "--run", str(run)]) == 0
    assert main(["convert", str(run), "--data", str(drawn_cells)]) == 0
    return run


def publish(run: Path, data: Path, models: Path, *more: str) -> int:
    return main(["publish", str(run), "--data", str(data), "--models", str(models), *more])


def test_a_run_keeps_its_recipe_log_and_origin(trained: Path) -> None:
    log = (trained / "log.csv").read_text().splitlines()
    assert len(log) == 1 + 1 + 40
    facts = json.loads((trained / "training.json").read_text())
    assert facts["data"]["train"]["count"] == len(DRAWN) * COUNTS["train"]
    assert 1 <= facts["best_epoch"] <= 40
    assert (trained / "recipe.toml").is_file()


def test_a_published_bundle_answers_and_proves_itself(
    trained: Path, drawn_cells: Path, tmp_path: Path
) -> None:
    assert publish(trained, drawn_cells, tmp_path, "--default") == 0
    engine = Engine.load(tmp_path / "drawn")
    assert engine.bundle.is_default
    told = engine.bundle.manifest["input"]
    assert (told["frame_um"], told["window_um"], told["um_per_px"]) == (36.0, None, None)
    assert [c.variant for c in verify_all(engine.bundle)] == ["int8", "fp32"]
    cells = sorted((drawn_cells / "test").rglob("*.png"))
    assert not any(isinstance(a, Refusal) for a in engine.classify_batch(cells))
    metrics = engine.bundle.manifest["metrics"][drawn_cells.name]
    assert metrics["test"]["int8"]["n"] == len(cells)
    assert metrics["test"]["fp32"]["accuracy"] >= 2 / 3
    card = (tmp_path / "drawn" / "CARD.md").read_text()
    for name in ("accuracy", "macro_f1", "ece"):
        assert f"{100 * metrics['test']['int8'][name]:.2f}" in card
    assert "For Research Use Only" in card
    figures = [f"figures/{kind}-{drawn_cells.name}.png" for kind in ("confusion", "reliability")]
    figures += ["figures/risk-coverage.png", "figures/unfamiliarity.png"]
    for figure in figures:
        assert figure in card
        assert (tmp_path / "drawn" / figure).read_bytes().startswith(b"\x89PNG")
    pictures = [p.relative_to(tmp_path / "drawn") for p in (tmp_path / "drawn").rglob("*.png")]
    assert sorted(map(str, pictures)) == sorted([*figures, "golden.png"])
    assert engine.bundle.variants["int8"].bytes < engine.bundle.variants["fp32"].bytes
    litert = engine.bundle.manifest["comparison"]["litert"]
    for told in litert.values():
        assert len(engine.bundle.read(told["file"], told["sha256"])) == told["bytes"]
    assert litert["int8"]["bytes"] < litert["fp32"]["bytes"]
    assert finished(tmp_path / "drawn" / "run")["model_sha256"]  # another training can start there


def test_publishing_again_raises_the_version_and_leaves_nothing_beside_it(
    trained: Path, drawn_cells: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        assert publish(trained, drawn_cells, tmp_path) == 0
    assert Engine.load(tmp_path / "drawn").bundle.version == "1.1.0"
    assert [p.name for p in tmp_path.iterdir()] == ["drawn"]


def test_other_data_is_reported_beside_it(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(drawn_cells / "test" / "platelet", other / "PLATELET")
    shutil.copytree(drawn_cells / "test" / "lymphocyte", other / "LYM")
    shutil.copytree(drawn_cells / "test" / "eosinophil", other / "E.O.S.")
    table = tmp_path / "names.csv"
    table.write_text("data,model\nLYM,lymphocyte\n")
    also = ["--also", str(other), "--classes", str(table)]
    assert publish(trained, drawn_cells, tmp_path / "models", *also) == 0
    assert f"are left out: e_o_s {COUNTS['test']} (" in capsys.readouterr().err
    measured = Engine.load(tmp_path / "models" / "drawn").bundle.manifest["metrics"]["elsewhere"]
    assert measured["all"]["int8"]["n"] == 2 * COUNTS["test"]
    card = (tmp_path / "models" / "drawn" / "CARD.md").read_text()
    assert "Cells left out: e_o_s." in card
    assert measured["all"]["data"]["names"] == {
        "e_o_s": None,
        "lym": "lymphocyte",
        "platelet": "platelet",
    }


def test_pictures_of_no_cells_are_reported_beside_it(
    trained: Path, drawn_cells: Path, tmp_path: Path
) -> None:
    for place, color in (("photos/a.png", "red"), ("photos/more/b.png", "navy")):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        Image.new("RGB", (80, 80), color).save(tmp_path / place)
    more = ["--strange", str(tmp_path / "photos")]
    assert publish(trained, drawn_cells, tmp_path / "models", *more) == 0
    manifest = Engine.load(tmp_path / "models" / "drawn").bundle.manifest
    found = manifest["metrics"]["photos"]["all"]["strange"]
    assert found["int8"]["n"] == found["fp32"]["n"] == 2
    card = (tmp_path / "models" / "drawn" / "CARD.md").read_text()
    assert "| photos, all, no cells |" in card


def test_an_int8_network_that_falls_behind_is_not_published(
    trained: Path,
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    strict = recipe_file(min_agreement="1.0", max_points_lost="0.0")
    command = ["convert", str(run), "--data", str(drawn_cells), "--recipe", str(strict)]
    assert main(command) == 0
    _spoil(run)
    assert publish(run, drawn_cells, tmp_path / "models") == 2
    said = capsys.readouterr().err
    assert "min_agreement: int8 agrees with fp32 on" in said
    assert "nothing was published" in said
    assert not (tmp_path / "models").exists()


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

    recipe, weights = recipe_file(laps=laps(2, 2)), _backbone(tmp_path / "b.weights.h5")
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
    weights = _backbone(tmp_path / "b.weights.h5")
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


def test_what_does_not_belong_together_is_not_published(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, file in enumerate(("model.keras", "model.int8.onnx", "recipe.toml")):
        run = tmp_path / f"run{number}"
        shutil.copytree(trained, run)
        with (run / file).open("ab") as stream:
            stream.write(b"\n")
        assert publish(run, drawn_cells, tmp_path / "models") == 2
        assert f"{file} is missing or is not of this run" in capsys.readouterr().err


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


def test_data_that_changed_since_are_refused(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(drawn_cells, data)
    next((data / "train" / DRAWN[0]).iterdir()).unlink()
    assert publish(trained, data, tmp_path / "models") == 2
    assert "the train split is not the one" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_a_folder_with_other_files_is_no_place_for_a_run(
    drawn_cells: Path,
    tmp_path: Path,
    recipe_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make_tiny_bundle(tmp_path, "bundle")
    before = sorted(p.name for p in run.iterdir())
    weights = _backbone(tmp_path / "b.weights.h5")
    command = ["train", str(recipe_file()), "--data", str(drawn_cells), "--weights", str(weights)]
    assert main([*command, "--run", str(run)]) == 2
    assert "which is not of a run" in capsys.readouterr().err
    assert sorted(p.name for p in run.iterdir()) == before


def test_a_second_default_is_refused_and_the_first_kept(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_tiny_bundle(tmp_path, "first")
    assert publish(trained, drawn_cells, tmp_path, "--default") == 2
    assert f"{first} is the default already" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith(".")] == ["first"]


def test_data_of_other_classes_or_the_same_name_is_refused(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / "strange"
    shutil.copytree(drawn_cells / "test" / "platelet", strange / "Teardrop")
    assert publish(trained, drawn_cells, tmp_path / "models", "--also", str(strange)) == 2
    assert f"(teardrop {COUNTS['test']})" in capsys.readouterr().err
    assert publish(trained, drawn_cells, tmp_path / "models", "--also", str(drawn_cells)) == 2
    assert "the same name" in capsys.readouterr().err


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
        (["evaluate", "none", "."], "no labelled pictures"),
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


def _backbone(file: Path) -> Path:
    """Write random weights whose batch norms know their statistics, so that features differ."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    backbone = keras.applications.MobileNetV2((32, 32, 3), 0.35, include_top=False, weights=None)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    cells = np.stack([draw_cell(c, seed, 32, 1.1) for c in DRAWN for seed in range(12)])
    backbone(cells / 127.5 - 1, training=True)
    backbone.save_weights(file)
    return file


def _replace_recipe(run: Path, recipe: Path) -> None:
    """Give a run another recipe, as if it had been trained by it."""
    shutil.copyfile(recipe, run / "recipe.toml")
    facts = json.loads((run / "training.json").read_text())
    facts["recipe_sha256"] = hashlib.sha256(recipe.read_bytes()).hexdigest()
    (run / "training.json").write_text(json.dumps(facts))


def _spoil(run: Path) -> None:
    """Reverse the classes in the last layer of int8, as if quantization had gone wrong."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    file, facts = run / "model.int8.onnx", json.loads((run / "export.json").read_text())
    model = onnx.load(file)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.int8 and values.shape[-1:] == (len(DRAWN),):
            tensor.CopyFrom(numpy_helper.from_array(np.flip(values, -1).copy(), tensor.name))
    onnx.save(model, file)
    facts["files"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    (run / "export.json").write_text(json.dumps(facts))
