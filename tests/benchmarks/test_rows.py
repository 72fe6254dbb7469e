"""Rows in a file: appended whole, read back the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reference import kernel, time_reference
from benchmarks.rows import Row, append, percentiles, read


def test_percentiles_of_known_samples() -> None:
    assert percentiles(list(range(101))) == (50, 90, 99)
    assert percentiles([3.0, 1.0]) == pytest.approx((2.0, 2.8, 2.98))
    assert percentiles([7.0]) == (7, 7, 7)


def test_rows_come_back_as_they_were(tmp_path: Path, row: Callable[..., Row]) -> None:
    file = tmp_path / "results.jsonl"
    first, second = row(samples_ms=[1.5, 2.5], p50=2.0), row(stage="load", batch=None, error="no")
    append(file, [first])
    append(file, [second])
    assert read(file) == ([first, second], [])


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path, row: Callable[..., Row]) -> None:
    file = tmp_path / "results.jsonl"
    file.write_text('{"schema": "hema')
    append(file, [row()])
    rows, broken = read(file)
    assert rows == [row()]
    assert [f"{file}, line 1" in problem for problem in broken] == [True]


def test_the_reference_kernel_has_one_result() -> None:
    assert kernel() == kernel() == pytest.approx(1.0037, abs=1e-4)
    assert np.all(np.array(time_reference(3)) > 0)
