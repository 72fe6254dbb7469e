"""A drawn run published as a bundle, or refused, by the public commands."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from export.cli import main
from export.run import finished
from runtime import Engine, Refusal
from runtime.verify import verify_all
from tests.export.conftest import COUNTS, DRAWN
from tests.export.drawn_run import publish
from tests.tiny_bundle import make_tiny_bundle

pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.export,
    # TensorFlow, Keras and tf2onnx warn of their own and each other's future.
    pytest.mark.filterwarnings("ignore"),
]


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


def test_data_that_changed_since_are_refused(
    trained: Path, drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(drawn_cells, data)
    next((data / "train" / DRAWN[0]).iterdir()).unlink()
    assert publish(trained, data, tmp_path / "models") == 2
    assert "the train split is not the one" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


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
