"""Every layout that is recognized, written with drawn cells."""

import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from export.data.readers import read_samples, read_set
from export.data.selection import of_split
from export.errors import DatasetError
from runtime.crops import crop
from runtime.images import decode
from tests.export.conftest import COUNTS, DRAWN, draw
from tests.export.data.conftest import OBJECT, annotate


def kaggle(folder: Path) -> Path:
    """Imitate the folders and names of Kaggle's augmented blood cells."""
    for split, count in (("TRAIN", 6), ("TEST", 2), ("TEST_SIMPLE", 1)):
        for seed, label in enumerate(("EOSINOPHIL", "NEUTROPHIL")):
            for original in range(count):
                for random in (17, 9041):
                    name = f"_{original}_{random + original}.jpeg"
                    draw(folder / split / label / name, label.lower(), seed * 99 + original)
    return folder


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
