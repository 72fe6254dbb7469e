"""Hostile rows: whatever a line holds, it is shown or named, and never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.cli import main
from benchmarks.contract import FITS
from benchmarks.rows import Row, read
from runtime import to_json

Make = Callable[..., Row]

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -1, 0, 1e308, "9999-12-31T23:59:59-23:59", "\x1b[2J", "\ud800"])
    | st.floats()
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "cpu", "throttled", "now", "temperature_c", "n", "\n"]), inner
        )
    ),
    max_leaves=5,
)


def shown(file: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    status = main(["report", str(file), "--all", *more])
    out, err = capsys.readouterr()
    return status, out, err


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.dictionaries(st.sampled_from(sorted(FITS)), ODD, min_size=1, max_size=3))
def test_a_hostile_row_is_shown_or_named_and_the_rest_is_there(
    changes: dict[str, Any], row: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hostile.jsonl"
    good = to_json(row(p50=1.25, samples_ms=[1.0, 1.5], reference_ms=1.0))
    file.write_text("".join(json.dumps(line) + "\n" for line in (good, good | changes)))
    status, out, err = shown(file, capsys)
    assert "Abacus 3" in out
    out.encode()
    if status:
        assert status == 1
        assert "line 2 is not a benchmark row" in err
        assert err.count("\n") == 1
        assert err.strip().isprintable()
    else:
        assert err == ""
        assert "\x1b" not in out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("p50", "NaN"),
        ("p90", "1e999"),
        ("p99", "-1"),
        ("rss_mib", "true"),
        ("samples_ms", "[1, null]"),
        ("samples_ms", "7"),
        ("threads", "0"),
        ("batch", "[]"),
        ("rounds", "1.5"),
        ("n", "1" * 5000),
        ("stage", "{}"),
        ("time", '"yesterday"'),
        ("time", '"2026-01-02"'),
        ("time", '"9999-12-31T23:59:59Z"'),
        ("time", '"0001-01-01T00:00:00+23:59"'),
        ("commit", '"\\u001b[31m"'),
        ("machine", '{"cpu": {"name": 1}}'),
        ("machine", '{"throttled": [1]}'),
        ("machine", '{"throttled": {"now": "hot"}}'),
        ("machine", '{"temperature_c": "hot"}'),
        ("versions", '{"python": ["3"]}'),
        ("versions", '{"\\ud800": "3"}'),
        ("pictures", '{"n": [[[]]]}'),
        ("model", '{"name": "pbc"}'),
        ("error", "5"),
        ("schema", f'"{"long" * 500}"'),
    ],
)
def test_a_value_that_cannot_be_is_named_in_a_line(
    key: str, value: str, row: Make, tmp_path: Path
) -> None:
    file = tmp_path / "results.jsonl"
    whole = {**to_json(row()), key: "HERE"}
    file.write_text(json.dumps(whole).replace('"HERE"', value) + "\n")
    rows, (told,) = read(file)
    assert rows == []
    assert told.startswith(f"{file}, line 1 is not a benchmark row (")
    assert len(told) < len(str(file)) + 300
    assert told.isprintable()


def test_lines_that_are_no_text_at_all_are_named(tmp_path: Path, row: Make) -> None:
    file = tmp_path / "results.jsonl"
    nested = b"[" * 100_000
    file.write_bytes(b"\xff\xfe\x00\n" + nested + b"\n" + json.dumps(to_json(row())).encode())
    rows, told = read(file)
    assert rows == [row()]
    assert len(told) == 2


def test_an_error_may_hold_anything_and_is_shown_in_a_line(
    row: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results.jsonl"
    bad = row("int8", stage="load", batch=None, error="\x1b[31mtorn\nin two\ud800")
    file.write_text("".join(json.dumps(to_json(line)) + "\n" for line in (bad, row(p50=1.0))))
    status, out, err = shown(file, capsys)
    assert (status, err) == (0, "")
    assert "- int8, 1 threads, load: ?[31mtorn in two?" in out
