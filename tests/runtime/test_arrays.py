import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.arrays import read_arrays


def packed(compress: bool = False) -> bytes:
    stream = io.BytesIO()
    write = np.savez_compressed if compress else np.savez
    write(stream, center=np.arange(3, dtype=np.float32), spread=np.ones((2, 2)))
    return stream.getvalue()


def test_arrays_come_in_the_order_of_their_names() -> None:
    spread, center = read_arrays(packed(), ("spread", "center"))
    assert spread.shape == (2, 2)
    assert center.tolist() == [0, 1, 2]


def test_a_file_of_a_later_zip_is_damaged() -> None:
    later = packed().replace(b"PK\x01\x02", b"PK\x01\x02\xad\x00\xad\x00", 1)
    with pytest.raises(ValueError, match="no arrays"):
        read_arrays(later, ("center",))


@given(st.booleans(), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=8))
def test_a_damaged_file_is_read_or_is_a_value_error(
    compress: bool, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(packed(compress))
    for at, byte in changes:
        damaged[at % len(damaged)] = byte
    try:
        read_arrays(bytes(damaged), ("center", "spread"))
    except ValueError as error:
        assert "no arrays" in str(error)  # noqa: PT017 - either is right
