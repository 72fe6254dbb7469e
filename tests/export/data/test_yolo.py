"""YOLO text files, well-formed and not."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.data.inventory import take_inventory
from export.data.readers import read_samples, read_set
from export.data.yolo import parse_line
from export.errors import DatasetError
from tests.export.conftest import draw
from tests.export.data.conftest import png_of


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("classes.txt", "WBC\nRBC\n"),
        ("data.yaml", "path: .\nnames: ['WBC', \"RBC\"]\nnc: 2\n"),
        ("data.yaml", "names: ['WBC', RBC, Downey's, 'odd, or not']\n"),
        ("data.yaml", "names:\n  - WBC\n  - RBC\nnc: 2\n"),
        ("data.yaml", "names:\n  0: WBC\n  1: RBC\n"),
        ("data.yaml", "names: {1: RBC, '0': WBC}  # by number\n"),
        ("data.yaml", "names:  # of the cells\n  1: RBC # red\n  0: 'WBC'\n"),
    ],
)
def test_yolo_boxes_are_read_in_pixels(tmp_path: Path, file: str, content: str) -> None:
    (tmp_path / file).write_text(content)
    draw(tmp_path / "valid" / "images" / "a.png")
    labels = tmp_path / "valid" / "labels" / "a.txt"
    labels.parent.mkdir()
    labels.write_text("0 0.5 0.5 0.25 0.5\n\n1 0.25 0.25 0.5 0.5\n")
    found = read_set(tmp_path)
    (field,) = found.fields
    assert field.split == "val"
    assert [(m.kind, m.box) for m in field.boxes] == [
        ("wbc", (12, 8, 20, 24)),
        ("rbc", (0, 0, 16, 16)),
    ]
    with pytest.raises(DatasetError, match=r"2 boxes but no classes.*types\.csv"):
        read_samples(tmp_path)


@pytest.mark.parametrize(
    "names", ["[0, 7]", "{0: 0, 1: 7}", "\n- 0\n- 7\n", "\n  0: 0\n  1: '7'\n"]
)
def test_yolo_classes_that_are_named_by_numbers_are_read(tmp_path: Path, names: str) -> None:
    (tmp_path / "data.yaml").write_text(f"names: {names}\nnc: 2\n")
    draw(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n1 0.25 0.25 0.5 0.5\n")
    assert {s.label for s in read_samples(tmp_path)} == {"0", "7"}


@pytest.mark.parametrize("names", ["[wbc, ]", "{2: rbc, 0: wbc}", "\n- wbc\n-\n- rbc\n"])
def test_a_yolo_class_without_a_name_is_a_fault_of_its_line(tmp_path: Path, names: str) -> None:
    (tmp_path / "data.yaml").write_text(f"names: {names}\n")
    draw(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n1 0.25 0.25 0.5 0.5\n")
    found = read_set(tmp_path)
    assert [m.kind for m in found.fields[0].boxes] == ["wbc"]
    (fault,) = found.faults
    assert "a.txt: line 2 cannot be used (class 1 is not among" in fault


@pytest.mark.parametrize("line", ["0 0.5 0.5 0.5", "2 0 0 1 1", "0 0 0 nan 1", "x 0 0 1 1", "á"])
def test_a_malformed_yolo_line_is_one_fault(tmp_path: Path, line: str) -> None:
    (tmp_path / "classes.txt").write_text("wbc\nrbc\n")
    draw(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text(f"0 0.5 0.5 0.5 0.5\n{line}\n", encoding="utf-8")
    found = read_set(tmp_path)
    assert len(found.fields[0].boxes) == 1
    (fault,) = found.faults
    assert "a.txt: line 2" in fault


@pytest.mark.parametrize("content", [png_of(20_000, 10_000), png_of(10_000, 9_000), b"II*\0\xff"])
def test_yolo_beside_a_picture_whose_size_cannot_be_used_is_read(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "classes.txt").write_text("monocyte\n")
    for name in ("a", "b"):
        draw(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "a.png").write_bytes(content)
    inventory, _ = take_inventory(found := read_set(tmp_path), 0)
    assert [s.path.name for s in found.samples] == ["b.png"]
    assert list(inventory.unreadable) == [str(tmp_path / "a.png")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_files_of_yolo_are_told_and_the_others_read(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("monocyte\n")
    for name in ("a", "b", "c"):
        draw(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    for name in ("a.png", "b.txt"):
        (tmp_path / name).chmod(0)
    inventory, _ = take_inventory(found := read_set(tmp_path), 0)
    assert [s.path.name for s in found.samples] == ["c.png"]
    (fault,) = found.faults
    assert "b.txt cannot be read (Permission denied): check its permissions" in fault
    assert list(inventory.unreadable) == [str(tmp_path / "a.png")]


def test_yolo_without_names_is_refused(tmp_path: Path) -> None:
    draw(tmp_path / "images" / "a.png")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    with pytest.raises(DatasetError, match=r"write classes\.txt"):
        read_set(tmp_path)


@given(st.text())
def test_any_line_is_yolo_or_a_value_error(line: str) -> None:
    try:
        place, *shares = parse_line(line)
    except ValueError:
        return
    assert place >= 0
    assert all(0 <= share <= 1 for share in shares)


share = st.floats(0, 1)


@given(st.integers(0, 80), st.tuples(share, share, share, share))
def test_a_yolo_line_comes_back(place: int, shares: tuple[float, ...]) -> None:
    assert parse_line(f"{place} " + " ".join(map(repr, shares))) == (place, *shares)
