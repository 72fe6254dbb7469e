import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.cli import main
from export.errors import DatasetError
from export.recipe import Untyped, load_recipe
from runtime.synthetic import draw_cell
from tests.export.conftest import DRAWN, laps, write_recipe

pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.export, pytest.mark.filterwarnings("ignore")]

SETTINGS = Untyped(share=0.5, odds={"c": 0.0}, windows=(1.0, 0.8), least=0.6)
UNTYPED = "{ share = 0.25, odds = { platelet = 0.0 }, windows = [1.0, 0.8], least = 0.0 }"


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Draw white cells in fields with boxes that do not say what they are."""
    folder, lines = tmp_path / "fields", ["file,split,kind,x0,y0,x1,y1"]
    folder.mkdir()
    for i, split in enumerate(["train", "train", "val", "test"]):
        field = draw_cell(DRAWN[i % 2], 900 + i, size_px=96, um_per_px=0.4)
        Image.fromarray(field).save(folder / f"{i}.png")
        lines += [f"{i}.png,{split},wbc,20,20,76,76", f"{i}.png,{split},rbc,2,2,20,20"]
    (folder / "boxes.csv").write_text("\n".join(lines))
    return folder


def test_white_cells_without_a_class_are_read_but_for_the_test_split(fields: Path) -> None:
    from export.pseudo_labels import read_untyped

    assert [cell.path.name for cell in read_untyped([fields])] == ["0.png", "1.png", "2.png"]


def test_cells_of_named_sources_are_left_out(fields: Path) -> None:
    from export.pseudo_labels import read_untyped

    (fields / "sources.csv").write_text("file,source\n0.png,home\n1.png,away\n")
    kept = read_untyped([fields], leave_out=["home"])
    assert [cell.path.name for cell in kept] == ["1.png", "2.png"]


def test_a_set_whose_cells_have_classes_is_no_set_without(drawn_cells: Path) -> None:
    from export.pseudo_labels import read_untyped

    with pytest.raises(DatasetError, match="has no white cells without a class"):
        read_untyped([drawn_cells])


def test_cells_are_kept_where_all_windows_agree_surely() -> None:
    from export.pseudo_labels import named

    agreed, split, doubtful, impossible = (
        [[0.9, 0.1, 0.0], [0.8, 0.1, 0.1]],
        [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]],
        [[0.5, 0.4, 0.1], [0.5, 0.4, 0.1]],
        [[0.09, 0.01, 0.9], [0.09, 0.01, 0.9]],
    )
    seen = np.array([agreed, split, doubtful, impossible], np.float32).swapaxes(0, 1)
    targets, sure = named(seen, ["a", "b", "c"], SETTINGS)
    assert sure.tolist() == [True, False, False, True]
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(targets[:, 2], 0, atol=1e-6)
    np.testing.assert_allclose(targets[3], [0.9, 0.1, 0], atol=1e-5)


def test_a_network_sees_each_turn_and_mirror_once() -> None:
    from export.pseudo_labels import turned

    picture = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3)).astype(np.uint8)
    seen = []

    def ask(pictures: np.ndarray) -> np.ndarray:
        seen.append(pictures.tobytes())
        corner = pictures[:, 0, 0, 0] / 64.0
        return np.stack([corner, np.zeros_like(corner)], axis=1)

    (found,) = turned(ask, picture)
    assert len(set(seen)) == 8
    corners = picture[0, [0, 0, -1, -1], [0, -1, 0, -1], 0] / 64.0  # each is first twice
    np.testing.assert_allclose(found[0], np.mean(1 / (1 + np.exp(-corners))), rtol=1e-5)


def test_a_student_learns_from_what_a_teacher_names(
    drawn_cells: Path, fields: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = {name: tmp_path / name for name in ("teacher", "student")}
    for folder in folders.values():
        folder.mkdir()
    few = {"laps": laps(1), "frozen_epochs": "0"}
    first = write_recipe(folders["teacher"], **few)
    second = write_recipe(folders["student"], untyped=UNTYPED, **few)
    weights = _backbone(tmp_path / "backbone.weights.h5")
    command = ["--data", str(drawn_cells), "--weights", str(weights)]
    runs = [str(folder / "run") for folder in folders.values()]
    assert main(["train", str(first), *command, "--run", runs[0]]) == 0
    taught_by = ["--teacher", runs[0], "--untyped", str(fields)]
    capsys.readouterr()
    assert main(["train", str(second), *command, "--run", runs[1], *taught_by]) == 0
    assert "is sure of" in capsys.readouterr().err
    facts = json.loads((folders["student"] / "run" / "training.json").read_text())
    assert facts["untyped"]["count"] == 3
    before = json.loads((folders["teacher"] / "run" / "training.json").read_text())
    assert facts["teacher"]["model_sha256"] == before["model_sha256"]
    kept = {file.name: file.read_bytes() for file in Path(runs[1]).iterdir()}
    unsure = write_recipe(tmp_path, untyped=UNTYPED.replace("least = 0.0", "least = 1.0"), **few)
    again = [*command, "--run", runs[1], *taught_by, "--fresh"]
    assert main(["train", str(unsure), *again]) == 2
    assert "is sure of none of 3 cells" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in Path(runs[1]).iterdir()} == kept
    shutil.rmtree(runs[1])
    assert main(["train", str(second), *command, "--run", runs[1]]) == 2
    assert "needs also --untyped PATH and --teacher RUN" in capsys.readouterr().err


def test_a_student_is_told_what_its_teacher_says_of_each_view(
    drawn_cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.teacher import Teacher

    few = {"laps": laps(1), "frozen_epochs": "0"}
    first = write_recipe(tmp_path, **few)
    command = ["--data", str(drawn_cells), "--weights", str(_backbone(tmp_path / "b.weights.h5"))]
    run = tmp_path / "teacher"
    assert main(["train", str(first), *command, "--run", str(run)]) == 0
    folder = tmp_path / "student"
    folder.mkdir()
    second = write_recipe(folder, **few)
    second.write_text(second.read_text().replace("[train]", "[train]\ndistilled = 0.5"))
    capsys.readouterr()
    assert main(["train", str(second), *command, "--run", str(folder / "run")]) == 2
    assert "needs also --teacher RUN" in capsys.readouterr().err
    taught_by = ["--teacher", str(run)]
    assert main(["train", str(second), *command, "--run", str(folder / "run"), *taught_by]) == 0

    recipe = load_recipe(second)
    teacher, side = Teacher(run, recipe), 2 * recipe.input.size_px
    pictures = np.random.default_rng(0).integers(0, 256, (3, side, side, 3), np.uint8)
    known = np.eye(len(recipe.classes), dtype=np.float32)[[0, 1, 0]]
    none, half, whole = (
        teacher.blend(pictures, {"logits": known}, share)["logits"] for share in (0.0, 0.5, 1.0)
    )
    np.testing.assert_allclose(none, known, atol=1e-6)
    np.testing.assert_allclose(half, (known + whole) / 2, atol=1e-6)
    assert np.abs(whole - known).max() > 0.1
    np.testing.assert_allclose(whole.sum(axis=1), 1, rtol=1e-5)


def test_a_class_that_is_not_the_recipes_is_refused(recipe_file: Callable[..., Path]) -> None:
    from export.errors import RecipeError

    wrong = UNTYPED.replace("platelet", "blast")
    with pytest.raises(RecipeError, match=r"untyped\.odds: blast is not among the classes"):
        load_recipe(recipe_file(untyped=wrong))


def _backbone(file: Path) -> Path:
    import keras

    network = keras.applications.MobileNetV2(
        input_shape=(None, None, 3), include_top=False, weights=None, alpha=0.35
    )
    network.save_weights(file)
    return file
