"""Percentiles: those of numpy, to the digit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from runtime.ranks import percentile

LEVELS = st.floats(0, 255, width=32)


@given(
    arrays(np.float32, array_shapes(max_dims=2, max_side=30), elements=LEVELS), st.floats(0, 100)
)
def test_they_are_those_of_numpy(values: np.ndarray, percent: float) -> None:
    assert percentile(values, percent) == float(np.percentile(values, percent))
    wide = values.astype(np.float64)
    assert percentile(wide, percent) == float(np.percentile(wide, percent))


@pytest.mark.parametrize(("percent", "level"), [(0, 1), (25, 1.5), (50, 2), (100, 3)])
def test_between_two_values_they_interpolate(percent: float, level: float) -> None:
    assert percentile(np.array([3, 1, 2], np.float32), percent) == level
