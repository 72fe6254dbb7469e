from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.datasets import (
    fingerprint,
    load_inputs,
    of_split,
    read_samples,
    stratified,
    targets,
)
from export.errors import DatasetError
from tests.export.conftest import COUNTS, DRAWN


def test_split_folders_above_class_folders_are_read(drawn_cells: Path) -> None:
    samples = read_samples(drawn_cells)
    assert len(samples) == len(DRAWN) * sum(COUNTS.values())
    assert {s.label for s in samples} == set(DRAWN)
    assert len(of_split(samples, "val")) == len(DRAWN) * COUNTS["val"]


def test_class_folders_alone_have_no_split(drawn_cells: Path) -> None:
    samples = read_samples(drawn_cells / "test")
    assert {s.split for s in samples} == {None}
    with pytest.raises(DatasetError, match="no 'train' split"):
        of_split(samples, "train")


def test_a_table_of_labels_wins_over_folders(drawn_cells: Path, tmp_path: Path) -> None:
    picture = Image.open(next(drawn_cells.rglob("*.png")))
    for name in ("a", "b"):
        picture.save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,label,split\nb.png,y,val\na.png,x,train\n")
    assert [(s.path.name, s.label, s.split) for s in read_samples(tmp_path)] == [
        ("a.png", "x", "train"),
        ("b.png", "y", "val"),
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,label\nnone.png,x\n", "missing"),
        ("path,kind\na.png,x\n", "file and label"),
        ("", "file and label"),
        ("file,label\na.png,x\na.png,y\n", "more than once"),
        ("file,label\na.png\n", "line 2 names no file or no label"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(DatasetError, match=said):
        read_samples(tmp_path)


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no labelled pictures"):
        read_samples(tmp_path)
    with pytest.raises(DatasetError, match="not a folder"):
        read_samples(tmp_path / "none")


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


def test_a_fingerprint_changes_with_a_byte(drawn_cells: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    file = tmp_path / "x" / "a.png"
    file.write_bytes(next(drawn_cells.rglob("*.png")).read_bytes())
    before = fingerprint(read_samples(tmp_path))
    file.write_bytes(file.read_bytes() + b"0")
    after = fingerprint(read_samples(tmp_path))
    assert before["count"] == after["count"] == 1
    assert before["sha256"] != after["sha256"]
