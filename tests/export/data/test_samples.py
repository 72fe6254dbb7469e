from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.data.readers import read_samples
from export.data.samples import (
    Sample,
    class_id,
    crop,
    fingerprint,
    load_inputs,
    of_split,
    stratified,
    targets,
)
from export.errors import DatasetError
from tests.export.conftest import DRAWN, draw


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Immature granulocyte", "immature_granulocyte"),
        ("EOSINOPHIL", "eosinophil"),
        (" band-cell (NST) ", "band_cell_nst"),
        ("Нейтрофил", "нейтрофил"),
    ],
)
def test_a_class_name_becomes_an_id(name: str, found: str) -> None:
    assert class_id(name) == found


@given(st.text())
def test_an_id_is_its_own_id(name: str) -> None:
    try:
        found = class_id(name)
    except DatasetError:
        return
    assert class_id(found) == found


def test_a_class_name_without_letters_is_refused() -> None:
    with pytest.raises(DatasetError, match="rename the class"):
        class_id("--")


def test_a_crop_is_centered_on_its_box() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[15:25, 25:35] = 255
    cut = crop(picture, (25, 15, 35, 25))
    assert cut.shape == (16, 16, 3)
    np.testing.assert_array_equal(cut[3:13, 3:13], 255)
    assert cut.sum() == picture.sum()


def test_a_crop_is_mirrored_beyond_the_border() -> None:
    picture = np.arange(20 * 20 * 3, dtype=np.uint8).reshape(20, 20, 3)
    cut = crop(picture, (0, 5, 10, 15))
    np.testing.assert_array_equal(cut[:, 3:], picture[2:18, :13])
    np.testing.assert_array_equal(cut[:, :3], picture[2:18, 2::-1])


coordinate = st.floats(-500, 500)


@given(st.tuples(coordinate, coordinate, coordinate, coordinate))
def test_a_crop_is_square_wherever_the_box_lies(box: tuple[float, float, float, float]) -> None:
    cut = crop(np.zeros((11, 17, 3), np.uint8), box)
    assert cut.shape[0] == cut.shape[1] >= 8


def test_an_unknown_class_is_named(drawn_cells: Path) -> None:
    samples = read_samples(drawn_cells)
    assert set(targets(samples, DRAWN)) == {0, 1, 2}
    with pytest.raises(DatasetError, match="platelet"):
        targets(samples, DRAWN[:2])


def test_inputs_come_in_order_at_the_size(drawn_cells: Path) -> None:
    samples = of_split(read_samples(drawn_cells), "val")[:5]
    batch = load_inputs(samples, 32, "load")
    assert batch.shape == (5, 32, 32, 3)
    assert batch.dtype == np.uint8
    np.testing.assert_array_equal(batch[3], load_inputs(samples[3:4], 32, "load")[0])


def test_cells_of_one_field_come_in_order_too(tmp_path: Path) -> None:
    path, other = draw(tmp_path / "field.png"), draw(tmp_path / "other.png", seed=1)
    boxes = [(4.0, 4.0, 14.0, 14.0), None, (16.0, 10.0, 30.0, 28.0)]
    samples = [Sample(path, "x", None, box=boxes[0]), Sample(other, "x", None)]
    samples.append(Sample(path, "x", None, box=boxes[2]))
    batch = load_inputs(samples, 32, "load")
    for sample, loaded in zip(samples, batch, strict=True):
        np.testing.assert_array_equal(loaded, load_inputs([sample], 32, "load")[0])
    assert (batch[0] != batch[2]).any()


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"broken\.png"):
        load_inputs(read_samples(tmp_path), 32, "load")


def test_a_stratified_draw_is_balanced_and_seeded(drawn_cells: Path) -> None:
    samples = of_split(read_samples(drawn_cells), "train")
    drawn = stratified(samples, 12, 5, DRAWN)
    assert [s.label for s in drawn[:3]] == list(DRAWN)
    assert all(sum(s.label == c for s in drawn) == 4 for c in DRAWN)
    assert drawn == stratified(samples, 12, 5, DRAWN)
    assert drawn != stratified(samples, 12, 6, DRAWN)


def test_a_fingerprint_knows_the_box(tmp_path: Path) -> None:
    path = draw(tmp_path / "field.png")
    boxes = [None, (4.0, 4.0, 14.0, 14.0), (4.0, 4.0, 14.0, 15.0)]
    hashes = {fingerprint([Sample(path, "x", None, box=box)])["sha256"] for box in boxes}
    assert len(hashes) == 3


def test_a_fingerprint_changes_with_a_byte(drawn_cells: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    file = tmp_path / "x" / "a.png"
    file.write_bytes(next(drawn_cells.rglob("*.png")).read_bytes())
    before = fingerprint(read_samples(tmp_path))
    file.write_bytes(file.read_bytes() + b"0")
    after = fingerprint(read_samples(tmp_path))
    assert before["count"] == after["count"] == 1
    assert before["sha256"] != after["sha256"]
