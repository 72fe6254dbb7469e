"""Boxes that repeat, do not fit their picture, or cannot be read."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from export.data.arrays import load_inputs
from export.data.fields import Field, Marked, tidied
from export.data.readers import read_samples, read_set
from export.errors import DatasetError
from runtime.detection import Box
from tests.export.conftest import draw
from tests.export.data.conftest import annotate


def test_empty_and_repeated_boxes_are_dropped(voc: Path) -> None:
    cell = ("WBC", 4, 4, 24, 24)
    annotate(voc / "annotations" / "f1.xml", cell, ("wbc", 4, 4, 24, 25), ("RBC", 5, 5, 5, 9))
    found = read_set(voc)
    assert [m.box for m in found.fields[0].boxes] == [cell[1:]]
    assert any("2 boxes were dropped" in note for note in found.notes)


NUMBER, SIDE = st.floats(0, 30), st.floats(0, 9)


BOX = st.tuples(NUMBER, NUMBER, SIDE, SIDE)


@given(st.lists(st.tuples(BOX, st.floats(-0.2, 0.2)), max_size=30))
def test_a_box_stays_unless_one_before_it_marks_the_same_cell(
    drawn: list[tuple[tuple[float, ...], float]],
) -> None:
    boxes = []
    for (x, y, wide, high), off in drawn:
        boxes += [(x, y, x + wide, y + high), (x + off, y, x + off + wide, y + high - off)]
    expected: list[Box] = []
    for box in boxes:
        if box[2] > box[0] and box[3] > box[1] and all(iou(box, b) <= 0.9 for b in expected):
            expected.append(box)
    (tidy,), _ = tidied([Field(Path("a.png"), None, tuple(Marked("wbc", b) for b in boxes))])
    assert [m.box for m in tidy.boxes] == expected


def iou(a: Box, b: Box) -> float:
    wide, high = (max(0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b))
    return wide * high / (areas - wide * high)


def test_very_many_boxes_of_one_picture_are_compared_at_once() -> None:
    boxes = [Marked("rbc", (x, y, x + 9, y + 9)) for x in range(200) for y in range(100)] * 2
    before = time.process_time()
    (tidy,), dropped = tidied([Field(Path("a.png"), None, tuple(boxes))])
    assert (len(tidy.boxes), dropped) == (20_000, 20_000)
    assert time.process_time() - before < 60  # each with each takes many minutes


def test_a_table_of_boxes_is_read_and_its_bad_rows_told(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    rows = ["WBC,1,2,10.5,12", "rbc,1,2,3,x", "--,1,2,3,4"]
    rows = ["file,split,kind,x0,y0,x1,y1", *(f"a.png,train,{row}" for row in rows)]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    found = read_set(tmp_path)
    assert found.layout == "table of boxes"
    assert found.fields[0].boxes[0].box == (1, 2, 10.5, 12)
    assert ["line 3" in found.faults[0], "line 4" in found.faults[1]] == [True, True]


OUTSIDE = "most of its box, .*, is outside of the picture's 32 x 32 pixels: correct the corners"


SHARES = r"its box is 0\.2 x 0\.4 pixels, the least is 2 .* not in shares of the picture"


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("10,10,1e9,20", OUTSIDE),
        ("-1e9,-1e9,1e9,1e9", OUTSIDE),
        ("-1e308,0,1e308,9", OUTSIDE),
        ("40,40,50,50", OUTSIDE),
        ("0.5,0.25,0.7,0.65", SHARES),
    ],
)
def test_a_box_that_does_not_fit_its_picture_is_a_fault_of_its_line(
    tmp_path: Path, box: str, said: str
) -> None:
    draw(tmp_path / "a.png")
    rows = ["file,kind,x0,y0,x1,y1", "a.png,monocyte,2,2,20,20", f"a.png,monocyte,{box}"]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    found = read_set(tmp_path)
    assert [s.box for s in found.samples] == [(2, 2, 20, 20)]
    (fault,) = found.faults
    assert re.search(rf"boxes\.csv: line 3 cannot be used \({said}\)$", fault)


@pytest.mark.parametrize("layout", ["boxes.csv", "yolo", "voc"])
def test_a_box_around_which_too_large_a_cell_would_be_cut_is_a_fault(
    tmp_path: Path, layout: str
) -> None:
    for name in ("a", "b"):
        draw(tmp_path / f"{name}.png")
    Image.new("1", (59_000, 1_000)).save(tmp_path / "b.png")
    if layout == "yolo":
        (tmp_path / "classes.txt").write_text("monocyte\n")
        for name in ("a", "b"):
            (tmp_path / f"{name}.txt").write_text("0 0.5 0.5 1 1\n")
    elif layout == "voc":
        annotate(tmp_path / "a.xml", ("monocyte", 0, 0, 32, 32))
        annotate(tmp_path / "b.xml", ("monocyte", 0, 0, 59_000, 1_000))
    else:
        rows = ["file,kind,x0,y0,x1,y1", "a.png,monocyte,0,0,32,32"]
        rows.append("b.png,monocyte,0,0,59000,1000")
        (tmp_path / layout).write_text("\n".join(rows))
    found = read_set(tmp_path)
    assert [s.path.name for s in found.samples] == ["a.png"]
    (fault,) = found.faults
    assert "its box is 59000 x 1000 pixels, the most is 4841 on a side" in fault


def test_a_table_of_shares_alone_is_refused_with_its_first_line(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "boxes.csv").write_text("file,kind,x0,y0,x1,y1\na.png,wbc,0.5,0.25,0.7,0.65\n")
    with pytest.raises(DatasetError, match=rf"boxes\.csv: line 2 .*{SHARES}"):
        read_set(tmp_path)


def test_a_box_a_little_over_the_border_is_a_cell(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "boxes.csv").write_text("file,kind,x0,y0,x1,y1\na.png,monocyte,-4,20,12,33\n")
    found = read_set(tmp_path)
    assert not found.faults
    assert load_inputs(found.samples, 32, "load").shape == (1, 32, 32, 3)


def test_an_object_of_pascal_voc_outside_of_its_picture_is_one_fault(voc: Path) -> None:
    far = ("WBC", 4, 4, 10**9, 14)
    annotate(voc / "annotations" / "f1.xml", ("WBC", 4, 4, 14, 14), far)
    found = read_set(voc)
    assert [m.box for m in found.fields[0].boxes] == [(4, 4, 14, 14)]
    (fault,) = found.faults
    assert re.search(rf"f1\.xml: object 2 cannot be used \({OUTSIDE}\)$", fault)


def test_cells_that_all_have_a_fault_are_refused_with_the_first(voc: Path) -> None:
    for name in ("f1", "f2"):
        annotate(voc / "annotations" / f"{name}.xml", ("WBC", 40, 40, 50, 50))
    with pytest.raises(DatasetError, match=r"no labelled cell .*f1\.xml: object 1 .*faults: 2"):
        read_samples(voc)


@given(st.lists(st.lists(st.text(), max_size=8), max_size=5))
def test_any_table_of_boxes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    file = tmp_path_factory.mktemp("any") / "boxes.csv"
    lines = ["file,kind,x0,y0,x1,y1", *(",".join(row) for row in rows)]
    file.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    with pytest.raises(DatasetError):
        read_set(file)
