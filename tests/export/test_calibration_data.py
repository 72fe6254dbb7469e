from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.arrays import load_inputs
from export.data.readers import read_samples
from export.data.selection import of_split
from export.recipe import Recipe, load_recipe
from tests.export.conftest import COUNTS, DRAWN

pytest.importorskip("keras")
pytestmark = [pytest.mark.export, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def recipe(recipe_file: Callable[..., Path]) -> Recipe:
    return load_recipe(recipe_file())


def test_cells_as_they_are_and_varied_are_shown_beside_strange_pictures(
    drawn_cells: Path, tmp_path: Path, recipe: Recipe, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.calibration_data import DRAWN as STRANGERS
    from export.calibration_data import shown
    from export.training_data import Split

    for place, color in (
        ("train/x/a.png", "red"),
        ("val/x/b.png", "navy"),
        ("test/x/c.png", "gray"),
    ):
        (tmp_path / "photos" / place).parent.mkdir(parents=True)
        Image.new("RGB", (80, 80), color).save(tmp_path / "photos" / place)
    (tmp_path / "photos" / "val" / "x" / "broken.png").write_bytes(b"no picture")
    samples = read_samples(drawn_cells)
    learn, judged = (Split.of(of_split(samples, split), recipe) for split in ("train", "val"))
    found = shown(recipe, learn, judged, [tmp_path / "photos"])
    assert "1 of 2 strange pictures cannot be read" in capsys.readouterr().err

    cells = {split: len(DRAWN) * count for split, count in COUNTS.items()}
    plain = load_inputs(judged.samples, 32, "val", recipe.framing)
    np.testing.assert_array_equal(found.plain, plain)
    np.testing.assert_array_equal(found.labels, judged.labels)
    assert found.shifted.shape == plain.shape
    assert (found.shifted != plain).any(axis=(1, 2, 3)).all()
    known, varied = np.split(found.learnt, [cells["train"]])
    assert {p.tobytes() for p in known} == {
        p.tobytes() for p in load_inputs(learn.samples, 32, "train", recipe.framing)
    }
    assert varied.shape == known.shape
    assert (varied != known).any(axis=(1, 2, 3)).all()
    assert len(found.strange) == STRANGERS + 1
    assert (found.strange[-1] == (0, 0, 128)).all()
    assert found.counts() == {
        "val": cells["val"],
        "val, varied": cells["val"],
        "strange": STRANGERS + 1,
    }
