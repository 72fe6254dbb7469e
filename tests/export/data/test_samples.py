import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.data.samples import class_id
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
