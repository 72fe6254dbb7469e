"""Latency over time: a page and a picture of all runs, that stand alone and are there or not."""

import errno
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.cli import main
from benchmarks.history import history
from benchmarks.rows import Row
from runtime import HematoVisionError
from runtime.files import write_whole as write_file

Make = Callable[..., Row]
Write = Callable[..., Path]


def series(row: Make, runs: int) -> list[Row]:
    start = datetime(2026, 1, 2, tzinfo=UTC)
    return [
        row(
            variant,
            time=(start + timedelta(days=day)).isoformat(),
            stage=stage,
            p50=p50 + day / 10,
            p90=2 * p50 + day / 10,
            reference_ms=1.0,
        )
        for day in range(runs)
        for variant in ("int8", "fp32")
        for stage, p50 in (("total", 4.0), ("inference", 2.0))
    ]


@pytest.mark.parametrize("runs", [1, 40])
def test_a_run_and_forty_are_drawn(row: Make, write: Write, tmp_path: Path, runs: int) -> None:
    html, png = tmp_path / "page.html", tmp_path / "page.png"
    file = str(write(*series(row, runs)))
    assert main(["report", file, "--html", str(html), "--png", str(png)]) == 0
    with Image.open(png) as picture:
        assert picture.width > 1000
    page = html.read_text(encoding="utf-8")
    assert page.count("<title>") - 1 == 2 * len(history(series(row, runs)))
    assert "int8, total: p50 4.00 ms, p90 8.00 ms, 4.00 x reference" in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<tr>") >= 2 * runs


def test_the_page_asks_no_other_host(row: Make, write: Write, tmp_path: Path) -> None:
    html = tmp_path / "page.html"
    assert main(["report", str(write(*series(row, 3))), "--html", str(html)]) == 0
    page = html.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    named = re.findall(r"[\w:-]+=\"(?:https?:)?//[^\"]*\"", page)
    assert all(name.startswith("xmlns") for name in named)
    assert not re.search(r"<(script|link|img|iframe)|@import|url\((?!#)", page)


def test_names_are_text_and_neither_formula_nor_markup(
    row: Make, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {"cpu": r"_$\frac{<script>alert(1)</script> 細胞 $x", "cores": None}
    html, png = tmp_path / "page.html", tmp_path / "page.png"
    rows = [
        row("_<b>", p50=1e9, p90=0.5, machine=odd, reference_ms=1e-9),
        row("$", p50=1e-9, commit=None, reference_ms=0.0),
        row("int8", error="<i>torn</i>", stage="load", batch=None),
    ]
    assert main(["report", str(write(*rows)), "--html", str(html), "--png", str(png)]) == 0
    page = html.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;" in page
    assert "wrote " in capsys.readouterr().err


def test_a_history_without_times_says_so(row: Make, write: Write, tmp_path: Path) -> None:
    html = tmp_path / "page.html"
    assert main(["report", str(write(row(error="torn"))), "--html", str(html)]) == 0
    assert "no run has been timed yet" in html.read_text(encoding="utf-8")


def test_the_history_takes_the_fewest_threads_of_each_run(row: Make) -> None:
    rows = [row(p50=1.0, threads=4), row(p50=2.0, threads=2), row(p50=3.0, batch=16)]
    assert [point.row.threads for point in history(rows)] == [2]


def test_runs_are_ordered_by_time_whatever_their_zone(row: Make) -> None:
    later = row(time="2026-01-02T03:00:00-05:00", p50=2.0)
    earlier = row(time="2026-01-02T04:00:00+00:00", p50=1.0)
    assert [point.p50_ms for point in history([later, earlier])] == [1.0, 2.0]


def test_without_matplotlib_a_line_says_so_and_the_rest_is_there(
    row: Make,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delitem(sys.modules, "benchmarks.chart", raising=False)
    monkeypatch.delattr("benchmarks.chart", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    html, png = tmp_path / "page.html", tmp_path / "page.png"
    file = str(write(row(p50=1.0)))
    assert main(["report", file, "--html", str(html), "--png", str(png)]) == 1
    shown = capsys.readouterr()
    assert "1.00" in shown.out
    missing, wrote = shown.err.splitlines()
    assert missing == (
        "the package matplotlib is missing, which drawing needs: run "
        "'.venv/bin/pip install -r requirements/bench.txt'"
    )
    assert wrote == f"wrote {html}"
    assert "matplotlib was missing" in html.read_text(encoding="utf-8")
    assert not png.exists()


@pytest.mark.parametrize("place", ["nowhere/page.html", "."])
def test_a_place_that_cannot_be_written_is_one_line(
    place: str, row: Make, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(write(row(p50=1.0))), "--html", str(tmp_path / place)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "choose another" in told


def test_a_full_disk_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "page.html"
    file.write_text("older")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HematoVisionError, match="No space left on device"):
        write_file(file, b"newer")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]
