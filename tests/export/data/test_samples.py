from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.data.samples import Sample, class_id, in_order
from export.errors import DatasetError


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


def test_samples_have_one_order_on_every_system() -> None:
    names = ["set/b/1.png", "set/B/2.png", "set/a/3.png", "set/a-b/4.png", "set/A.png"]

    def ordered(system: type[PurePath]) -> list[str]:
        samples = [Sample(system(name), "x", None) for name in names]  # type: ignore[arg-type]
        return [s.path.as_posix() for s in in_order(samples)]

    assert ordered(PureWindowsPath) == ordered(PurePosixPath) == sorted(names, key=_parts)


def _parts(name: str) -> list[str]:
    return name.split("/")
