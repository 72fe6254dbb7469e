"""What is the same, what cannot be read, and what training makes of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from export.data.readers import read_samples
from export.data.samples import Sample
from export.data.survey import survey
from export.data.usable import read_usable, to_learn_from, usable
from export.errors import DatasetError
from tests.export.conftest import draw


@pytest.fixture
def add(tmp_path: Path) -> Callable[..., Path]:
    """Add a drawn cell `split/label/name.png`; one of the same seed has the same pixels."""

    def added(place: str, seed: int) -> Path:
        return draw(tmp_path / f"{place}.png", seed=seed)

    return added


def kept(folder: Path) -> set[str]:
    samples = read_samples(folder)
    stay, _ = usable(samples, survey(samples))
    return {s.path.relative_to(folder).with_suffix("").as_posix() for s in stay}


def test_the_same_pixels_in_another_file_are_a_duplicate(
    tmp_path: Path, add: Callable[..., Path]
) -> None:
    from PIL import Image

    original = add("x/a", 1)
    Image.open(original).save(tmp_path / "x" / "b.bmp")
    add("x/c", 2)
    found = survey(read_samples(tmp_path))
    assert [[s.path.name for s in group] for group in found.duplicates] == [["a.png", "b.bmp"]]
    assert found.looks[original].width == 32


def test_duplicates_go_from_train_before_val_and_never_from_test(
    tmp_path: Path, add: Callable[..., Path]
) -> None:
    for place, seed in {
        "train/x/with_test": 1,
        "val/x/with_test": 1,
        "test/x/one": 1,
        "test/x/again": 1,
        "train/x/with_val": 2,
        "val/x/stays": 2,
        "train/x/twice_a": 3,
        "train/x/twice_b": 3,
    }.items():
        add(place, seed)
    assert kept(tmp_path) == {"test/x/one", "test/x/again", "val/x/stays", "train/x/twice_a"}


def test_a_picture_with_two_labels_goes_from_everywhere(
    tmp_path: Path, add: Callable[..., Path]
) -> None:
    add("train/x/a", 1)
    add("test/y/a", 1)
    add("train/x/b", 2)
    assert kept(tmp_path) == {"train/x/b"}
    samples = read_samples(tmp_path)
    found = survey(samples)
    assert [sorted(s.label for s in group) for group in found.two_labels] == [["x", "y"]]
    assert [str(out).split(":")[0] for out in usable(samples, found)[1]] == [
        "left out, two labels for one picture"
    ]


def test_one_line_of_a_table_says_x_and_another_y(tmp_path: Path, add: Callable[..., Path]) -> None:
    add("a", 1)
    add("b", 2)
    (tmp_path / "labels.csv").write_text("file,label\na.png,x\na.png,y\nb.png,x\nb.png,x\n")
    samples = read_samples(tmp_path)
    assert [s.path.stem for s in usable(samples, survey(samples))[0]] == ["b"]


def test_unreadable_pictures_stay_in_test_alone(
    tmp_path: Path, add: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for split in ("train", "val", "test"):
        add(f"{split}/x/good", len(split))
        (tmp_path / split / "x" / "bad.png").write_bytes(b"no picture")
    samples = read_usable(tmp_path, 0)
    bad = [s.split for s in samples if s.path.stem == "bad"]
    assert bad == ["test"]
    left_out, wrong = capsys.readouterr().err.splitlines()
    assert left_out.startswith("left out, cannot be read: 2 (")
    assert "bad.png" in left_out
    assert wrong.startswith(f"cannot be read, counts as wrong: 1 ({tmp_path / 'test'}")
    assert "bad.png is not a picture" in wrong


def test_what_training_cannot_use_is_told_in_few_lines(
    tmp_path: Path, add: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    add("x/good", 1)
    (tmp_path / "y").mkdir()
    for i in range(9):
        (tmp_path / "x" / f"bad{i}.png").write_bytes(b"no picture")
    read_usable(tmp_path, 0)
    captured = capsys.readouterr()
    assert captured.out == ""
    empty, unreadable, _ = captured.err.splitlines()
    assert empty == f"empty class: 1 ({tmp_path / 'y'})"
    assert unreadable.count("bad") == 5
    assert unreadable.startswith("left out, cannot be read: 9 (")
    assert unreadable.endswith(", ...)")


def test_cells_of_one_field_are_no_duplicates(tmp_path: Path) -> None:
    path, copy = draw(tmp_path / "f.png"), tmp_path / "g.png"
    shutil.copyfile(path, copy)
    boxes = (1.0, 1.0, 9.0, 9.0), (9.0, 9.0, 20.0, 20.0)
    samples = [Sample(p, "x", None, p.name, box) for p in (path, copy) for box in boxes]
    found = survey(samples)
    assert len(found.duplicates) == 2
    assert usable(samples, found)[0] == samples[:2]


def test_a_group_in_two_splits_is_torn(tmp_path: Path, add: Callable[..., Path]) -> None:
    for i in range(3):
        add(str(i), i)
    rows = "file,label,split,group\n0.png,x,train,p\n1.png,x,test,p\n2.png,x,train,q\n"
    (tmp_path / "labels.csv").write_text(rows)
    assert survey(read_samples(tmp_path)).torn == {"p": ("test", "train")}


def test_a_set_without_splits_is_split_the_same_for_every_stage(
    tmp_path: Path, add: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(40):
        add(f"{'xy'[i % 2]}/{i}", i)
    first = read_usable(tmp_path, 5)
    assert {s.split for s in first} == {"train", "val", "test"}
    assert read_usable(tmp_path, 5) == first
    assert "seed 5" in capsys.readouterr().err


def test_nothing_to_learn_a_class_from_is_refused(tmp_path: Path, add: Callable[..., Path]) -> None:
    add("train/x/a", 1)
    with pytest.raises(DatasetError, match=r"no picture of y, z: .* --recipe"):
        to_learn_from(read_samples(tmp_path), ["x", "y", "z"])


def test_nothing_usable_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="no picture that can be used"):
        read_usable(tmp_path, 0)
