from pathlib import Path

import pytest

from export.data.samples import Sample
from export.errors import DatasetError
from export.evaluation.class_names import match, read_class_names, rename, unused
from runtime.bundle import CellClass

CLASSES = (
    CellClass("ig", "Immature granulocyte", "#000000"),
    CellClass("platelet", "Platelet", "#000000"),
)


def table(folder: Path, text: str) -> Path:
    file = folder / "classes.csv"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("ig", "ig"),
        ("IG", "ig"),
        ("immature_granulocyte", "ig"),
        ("Immature-Granulocyte", "ig"),
        ("PLATELET ", "platelet"),
    ],
)
def test_ids_and_titles_are_known_in_any_spelling(label: str, found: str) -> None:
    assert match([label], CLASSES, {}) == {label: found}


def test_a_table_names_what_is_not_alike(tmp_path: Path) -> None:
    names = read_class_names(table(tmp_path, "data,model\nTHROMBO,Platelet\nartefact,-\nsmudge,\n"))
    labels = ["thrombo", "artefact", "smudge", "ig"]
    assert match(labels, CLASSES, names) == {
        "thrombo": "platelet",
        "artefact": None,
        "smudge": None,
        "ig": "ig",
    }


@pytest.mark.parametrize("mark", ";\t")
def test_a_table_may_be_parted_by_semicolons_or_tabs(tmp_path: Path, mark: str) -> None:
    text = "\ufeffData,Model\nEOS , ig\n".replace(",", mark)
    assert read_class_names(table(tmp_path, text)) == {"EOS": "ig"}


def test_names_that_are_no_class_of_the_data_are_listed_as_they_are_written() -> None:
    assert unused(["band_nst", "ig"], {"Band (NST)": "ig", "EOS x": None}) == ["EOS x"]


def test_a_table_names_classes_as_their_folders_do(tmp_path: Path) -> None:
    names = read_class_names(table(tmp_path, "data,model\nBand (NST),ig\n"))
    assert match(["band_nst"], CLASSES, names) == {"band_nst": "ig"}


def test_a_table_wins_over_likeness(tmp_path: Path) -> None:
    names = read_class_names(table(tmp_path, "data,model\nplatelet,ig\n"))
    assert match(["platelet"], CLASSES, names) == {"platelet": "ig"}


def test_a_strange_class_is_told_with_what_to_write() -> None:
    with pytest.raises(DatasetError, match="'BLAST,ig' or 'BLAST,-'") as caught:
        match(["BLAST", "platelet"], CLASSES, {})
    assert "knows ig, platelet" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_that_the_bundle_lacks_is_told() -> None:
    with pytest.raises(DatasetError, match="points to blast"):
        match(["platelet"], CLASSES, {"x": "blast"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label\na,b\n", "line 2, is not a pair"),
        ("data,model\nEOS\n", "line 2, is not a pair"),
        ("data,model\n,ig\n", "line 2, is not a pair"),
        ("data,model\n\nEOS,ig\n\n ,ig\n", "line 5, is not a pair"),
        ("", "no pair of names"),
        ("data,model\n\n", "no pair of names"),
        ("data,model\nEOS,ig\neos,platelet\n", "more than once"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        read_class_names(table(tmp_path, text))


def test_a_missing_or_binary_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00\x80")
    for file in (tmp_path / "none.csv", tmp_path / "table.csv"):
        with pytest.raises(DatasetError, match="cannot be read"):
            read_class_names(file)


def test_cells_are_renamed_or_left_out() -> None:
    samples = [Sample(Path("a"), "X", None), Sample(Path("b"), "Y", "val")]
    assert rename(samples, {"X": None, "Y": "ig"}) == [Sample(Path("b"), "ig", "val")]
    with pytest.raises(DatasetError, match="leaves every picture out"):
        rename(samples, {"X": None, "Y": None})
