"""Every layout that is recognized, written with drawn cells."""

import io
import os
import re
import struct
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from export.data.arrays import load_inputs
from export.data.crops import crop
from export.data.fields import Field, Marked, tidied
from export.data.inventory import take_inventory
from export.data.readers import read_samples, read_set
from export.data.samples import Box
from export.data.selection import of_split
from export.data.yolo import parse_line
from export.errors import DatasetError
from runtime.images import decode
from tests.export.conftest import COUNTS, DRAWN, draw

OBJECT = (
    "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
    "</bndbox></object>"
)


def annotate(file: Path, *objects: tuple[str, int, int, int, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    written = "".join(OBJECT.format(*each) for each in objects)
    file.write_text(f"<annotation>{written}</annotation>")


def png_of(width: int, height: int) -> bytes:
    """Begin a PNG that says it is as large, and holds nothing."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    head = b"IHDR" + struct.pack(">II", width, height) + stream.getvalue()[24:29]
    content = stream.getvalue()
    return content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]


def kaggle(folder: Path) -> Path:
    """Imitate the folders and names of Kaggle's augmented blood cells."""
    for split, count in (("TRAIN", 6), ("TEST", 2), ("TEST_SIMPLE", 1)):
        for seed, label in enumerate(("EOSINOPHIL", "NEUTROPHIL")):
            for original in range(count):
                for random in (17, 9041):
                    name = f"_{original}_{random + original}.jpeg"
                    draw(folder / split / label / name, label.lower(), seed * 99 + original)
    return folder


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Two fields of Pascal VOC: one of a known type, one without."""
    for name in ("f1", "f2"):
        draw(tmp_path / "images" / f"{name}.png", seed=int(name[1]))
        annotate(
            tmp_path / "annotations" / f"{name}.xml",
            ("WBC", 4, 4, 14, 14),
            ("RBC", 16, 16, 30, 30),
            ("Platelets", 1, 20, 5, 24),
        )
    (tmp_path / "types.csv").write_text("file,split,label\nimages/f1.png,away,Monocyte\n")
    return tmp_path


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


def test_kaggles_folders_are_found_and_grouped_by_original(tmp_path: Path) -> None:
    kaggle(tmp_path / "dataset2-master" / "dataset2-master" / "images")
    found = read_set(tmp_path)
    assert {s.label for s in found.samples} == {"eosinophil", "neutrophil"}
    assert Counter(s.split for s in found.samples) == {"train": 24, "test": 8}
    groups = Counter(s.group for s in found.samples)
    assert set(groups.values()) == {2}
    assert len(groups) == 2 * (6 + 2), "originals are counted anew in TRAIN and TEST"
    assert any("TEST_SIMPLE" in note for note in found.notes)


def test_two_sets_below_one_folder_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        kaggle(tmp_path / name)
    with pytest.raises(DatasetError, match=r"holds 2 data sets: name one of .*one, .*two"):
        read_set(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_linked_folders_are_read_and_loops_are_not(tmp_path: Path) -> None:
    for place in ("set/x/a.png", "set/y/b.png", "elsewhere/deeper/c.png"):
        draw(tmp_path / place)
    (tmp_path / "set" / "x" / "linked").symlink_to(tmp_path / "elsewhere")
    for loop in ("loop", "x/loop", "y/loop"):
        (tmp_path / "set" / loop).symlink_to(tmp_path / "set", target_is_directory=True)
    found = read_set(tmp_path / "set")
    assert [(s.label, s.path.name) for s in found.samples] == [
        ("x", "a.png"),
        ("x", "c.png"),
        ("y", "b.png"),
    ]
    assert not found.empty


@pytest.mark.parametrize("top", ["", "TRAIN", "archive/archive"])
def test_pictures_in_folders_of_class_folders_are_read(tmp_path: Path, top: str) -> None:
    draw(tmp_path / top / "Monocytes" / "patient 1" / "a.png", seed=1)
    draw(tmp_path / top / "Monocytes" / "patient 2" / "week 3" / "a.png", seed=2)
    draw(tmp_path / top / "Blast" / "patient 1" / "a.png", seed=3)
    found = read_set(tmp_path)
    assert [s.label for s in found.samples] == ["blast", "monocytes", "monocytes"]
    assert {s.split for s in found.samples} == {"train" if top == "TRAIN" else None}
    assert not found.empty
    assert any("patients" in note for note in found.notes)


def test_folders_in_some_class_folders_alone_are_read_too(tmp_path: Path) -> None:
    for place in ("x/a.png", "x/more/b.png", "y/more/c.png"):
        draw(tmp_path / place)
    assert [s.label for s in read_samples(tmp_path)] == ["x", "x", "y"]


def test_classes_that_may_as_well_be_data_sets_are_refused(tmp_path: Path) -> None:
    for place in ("x/p1/a.png", "x/p2/b.png", "y/p1/c.png"):
        draw(tmp_path / place)
    with pytest.raises(DatasetError, match=r"2 data sets.*if these are classes.*labels\.csv"):
        read_set(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
@pytest.mark.parametrize("table", [False, True])
def test_a_forbidden_folder_is_refused_in_one_line(tmp_path: Path, table: bool) -> None:
    for place in ("x/a.png", "x/p1/a.png", "y/b.png"):
        draw(tmp_path / place)
    if table:
        (tmp_path / "labels.csv").write_text("file,label\nx/p1/a.png,x\n")
    (tmp_path / "x" / "p1").chmod(0)
    try:
        with pytest.raises(DatasetError, match=r"p1.* cannot be read .*check its permissions"):
            read_set(tmp_path / "labels.csv" if table else tmp_path)
    finally:
        (tmp_path / "x" / "p1").chmod(0o700)


def test_a_table_of_labels_wins_over_folders(tmp_path: Path) -> None:
    for name in ("x/a.png", "x/b.png"):
        draw(tmp_path / name)
    table = "file,label,split\nx/b.png,Y,Validation\nx/a.png,x,train\n"
    (tmp_path / "labels.csv").write_text(table)
    expected = [("a.png", "x", "train"), ("b.png", "y", "val")]
    assert [(s.path.name, s.label, s.split) for s in read_samples(tmp_path)] == expected


@pytest.mark.parametrize("file", ["file", "path", "image", "Filename"])
@pytest.mark.parametrize("label", ["label", "Class", "type"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_a_table_anywhere_is_read(tmp_path: Path, file: str, label: str, comma: str) -> None:
    draw(tmp_path / "cells" / "a.png")
    table = tmp_path / "mine.csv"
    rows = [[file, label, "group"], ["cells/a.png", "Band cell", "patient 1"]]
    table.write_text("\n".join(map(comma.join, rows)), encoding="utf-8-sig")
    (sample,) = read_samples(table)
    assert (sample.label, sample.split, sample.group) == ("band_cell", None, "patient 1")
    assert sample.path == tmp_path / "cells" / "a.png"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,label\nnone.png,x\n", "names 1 files that are missing"),
        ("path,stage\na.png,x\n", "file and label"),
        ("", "file and label"),
        ("file,label\na.png\n", "line 2 names no file or no label"),
        ("file,label\na.png,--\n", "no letter and no digit"),
        ("file,label\na.png,Band cell\na.png,band-cell\n", "'Band cell' and 'band-cell'"),
        ("file,label,split\na.png,x,train\na.png,x,\na.png,x\n", "2 of 3 .*split.* line 3: fill"),
        ("file,label\n\n\na.png\n", "line 4 names no file or no label"),
        ("file,label,Label\na.png,x,y\n", "more than one column label: rename"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, table: str, said: str) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(DatasetError, match=said) as refused:
        read_samples(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_table_that_is_not_utf_8_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "labels.csv").write_text("file,label\nä.png,x\n", encoding=encoding)
    with pytest.raises(DatasetError, match=r"labels\.csv cannot be read .*: save it as UTF-8$"):
        read_samples(tmp_path)


def test_half_a_split_of_boxes_is_refused(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    rows = ["file,split,kind,x0,y0,x1,y1", "a.png,,wbc,1,1,9,9", "a.png,train,wbc,9,9,20,20"]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    with pytest.raises(DatasetError, match=r"boxes\.csv: 1 of 2 lines name no split"):
        read_set(tmp_path)


def test_fields_that_no_list_of_a_split_names_are_told(tmp_path: Path) -> None:
    for seed, name in enumerate(("listed", "other")):
        draw(tmp_path / "JPEGImages" / f"{name}.png", seed=seed)
        annotate(tmp_path / "Annotations" / f"{name}.xml", ("Monocyte", 4, 4, 20, 20))
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("listed\n")
    (fault,) = read_set(tmp_path).faults
    assert re.search(r"1 of 2 cells have no split, the first is in .*other\.png: name one", fault)


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no labelled pictures"):
        read_samples(tmp_path)
    with pytest.raises(DatasetError, match="not a folder"):
        read_samples(tmp_path / "none")


def test_classes_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    draw(tmp_path / "Neutrophil" / "a.png")
    draw(tmp_path / "neutrophil" / "a.png")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system knows no difference between them")
    with pytest.raises(DatasetError, match="'Neutrophil' and 'neutrophil'"):
        read_samples(tmp_path)


def test_an_empty_class_is_told(tmp_path: Path) -> None:
    draw(tmp_path / "monocyte" / "a.png")
    (tmp_path / "basophil").mkdir()
    assert read_set(tmp_path).empty == (str(tmp_path / "basophil"),)


def test_typed_white_cells_of_pascal_voc_are_samples(voc: Path) -> None:
    found = read_set(voc)
    assert Counter(m.kind for f in found.fields for m in f.boxes) == {
        "wbc": 2,
        "rbc": 2,
        "platelet": 2,
    }
    (sample,) = found.samples
    assert (sample.path.name, sample.label, sample.split) == ("f1.png", "monocyte", "away")
    assert sample.box == (4, 4, 14, 14)
    assert sample.group == sample.path.as_posix()


def test_white_cells_boxed_by_name_need_no_types(tmp_path: Path) -> None:
    draw(tmp_path / "train" / "f.png")
    annotate(tmp_path / "train" / "f.xml", ("Neutrophil", 1, 1, 9, 9), ("RBC", 9, 9, 20, 20))
    assert [(s.label, s.split) for s in read_samples(tmp_path)] == [("neutrophil", "train")]


def test_the_table_of_the_bccd_fields_gives_types_by_number(tmp_path: Path) -> None:
    for number in range(3):
        draw(tmp_path / "JPEGImages" / f"BloodImage_0000{number}.jpg", seed=number)
        annotate(tmp_path / "Annotations" / f"BloodImage_0000{number}.xml", ("WBC", 1, 1, 9, 9))
    table = ',Image,Category\n1,0,NEUTROPHIL\n2,1,"NEUTROPHIL, EOSINOPHIL"\n3,2,\n'
    (tmp_path / "labels.csv").write_text(table)
    assert [(s.path.stem[-1], s.label) for s in read_samples(tmp_path)] == [("0", "neutrophil")]


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        ('<!DOCTYPE a [<!ENTITY b "bb">]><annotation>&b;</annotation>', "DOCTYPE"),
        ("<annotation><object>", "no element found"),
        ("<html></html>", "<html> instead of <annotation>"),
        ('<?xml version="1.0" encoding="foo"?><annotation/>', "encoding"),
        (f"<annotation>{OBJECT.format('WBC', 1, 1, 'x', 9)}</annotation>", "'x'"),
        (f"<annotation>{OBJECT.format('WBC', 1, 1, 'nan', 9)}</annotation>", "not a number"),
    ],
)
def test_an_annotation_that_cannot_be_used_is_one_fault(voc: Path, xml: str, said: str) -> None:
    (voc / "annotations" / "f2.xml").write_text(xml)
    found = read_set(voc)
    assert len(found.fields) == 1
    (fault,) = found.faults
    assert said in fault
    assert "f2.xml" in fault


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


@pytest.mark.parametrize("also", ["annotations", "classes.txt", "boxes.csv", "labels.csv"])
def test_the_first_description_of_several_is_used_and_told(voc: Path, also: str) -> None:
    (voc / "boxes.csv").write_text("file,kind,x0,y0,x1,y1\nimages/f1.png,wbc,1,1,9,9\n")
    (voc / "labels.csv").write_text("file,label\nimages/f1.png,monocyte\n")
    (voc / "classes.txt").write_text("wbc\n")
    (voc / "images" / "f1.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    order = {
        "annotations": "fields with Pascal VOC boxes",
        "classes.txt": "fields with YOLO boxes",
        "boxes.csv": "table of boxes",
        "labels.csv": "table of cells",
    }
    for name in list(order)[: list(order).index(also)]:
        (voc / name).rename(voc / f".{name}")
    assert read_set(voc).layout == order[also]


@pytest.mark.data
def test_the_fields_of_bccd_give_the_crops_of_bccd(datasets: Path) -> None:
    cells = {s.path.stem: s for s in read_samples(datasets / "bccd")}
    crops = read_samples(datasets / "bccd_crops")
    compared = 0
    for cut in crops:
        cell = cells[cut.path.stem]
        assert cell.label == cut.label
        picture = crop(field := decode(cell.path), cell.box or (0, 0, 0, 0))
        x0, y0, x1, y1 = cell.box or (0, 0, 0, 0)
        reach = 0.8 * max(x1 - x0, y1 - y0) + 1
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        height, width, _ = field.shape
        if reach < x < width - reach and reach < y < height - reach and compared < 20:
            compared += 1
            given_crop = decode(cut.path)
            assert given_crop.shape == picture.shape
            assert np.abs(given_crop.astype(int) - picture).mean() < 4
    assert compared == 20


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "layout", "wbc"),
    [
        ("bccd", "fields with Pascal VOC boxes", 372),
        ("txl_pbc", "fields with YOLO boxes", 862),
        ("bionet_fields", "table of boxes", 1665),
    ],
)
def test_the_real_fields_are_read_whole(datasets: Path, name: str, layout: str, wbc: int) -> None:
    found = read_set(datasets / name)
    assert found.layout == layout
    assert not found.faults
    assert sum(m.kind == "wbc" for f in found.fields for m in f.boxes) == wbc
