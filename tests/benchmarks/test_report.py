"""The report: what a reader sees of a file of rows."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.cli import main
from benchmarks.ratio import ratio
from benchmarks.rows import Row

Make = Callable[..., Row]
Write = Callable[..., Path]


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["report", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def cells(out: str, start: str) -> list[str]:
    """Split the first line that starts with some text, aligned or Markdown."""
    return next(line for line in out.splitlines() if line.startswith(start)).split()


def test_a_line_shows_every_figure_of_a_variant(
    row: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(
        row(stage="load", batch=None, p50=210.4, rss_mib=70.0),
        row(stage="first_answer", p50=31.26, rss_mib=75.0),
        row(stage="decode", p50=1.0, p90=2.0, p99=3.0),
        row(stage="total", p50=6.0, p90=7.0, p99=8.0, reference_ms=1.5),
        row(stage="throughput", batch=16, images_per_s=123.4, rss_mib=90.0),
    )
    status, out, err = shown(capsys, str(file))
    assert (status, err) == (0, "")
    assert cells(out, "fp32") == ["fp32", "1", "210", "31.3", "123", "90.0", "4.00"]
    assert "1.00 2.00 3.00" in out
    assert "6.00 7.00 8.00" in out
    assert "Abacus 3, 2 cores (4 logical)" in out
    assert "commit c0ffee" in out


def test_int8_is_set_against_fp32_of_the_same_threads(
    row: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(
        row("int8", stage="inference", samples_ms=[1, 1, 1, 2, 2, 2], rounds=2),
        row("fp32", stage="inference", samples_ms=[2, 2, 2, 2, 2, 2], rounds=2),
        row("int8", stage="inference", samples_ms=[1], threads=4),
    )
    _, out, _ = shown(capsys, str(file))
    assert "int8 / fp32        1     -  0.75 (0.50-1.00)      -" in out
    assert out.count("int8 / fp32") == 1


def test_a_ratio_is_taken_in_each_round() -> None:
    slowing = [1.0, 1.0, 10.0, 10.0, 100.0, 100.0]
    assert str(ratio(slowing, [2 * ms for ms in slowing], 3)) == "0.50"
    assert str(ratio([1, 2, 3], [2, 2, 2], 3)) == "1.00 (0.50-1.50)"


def test_a_failed_step_is_shown_with_its_reason(
    row: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(row("int8", stage="load", batch=None, error="torn in two"), row(p50=1.0))
    status, out, _ = shown(capsys, str(file))
    assert status == 0
    assert cells(out, "int8")[2] == "failed"
    assert "- int8, 1 threads, load: torn in two" in out


def test_the_newest_run_is_shown_and_all_on_request(
    row: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = row(time="2026-02-01T00:00:00.000Z", commit="newer", p50=1.0)
    file = write(newer, row(commit="older", p50=1.0))
    _, out, _ = shown(capsys, str(file))
    assert "newer" in out
    assert "older" not in out
    _, out, _ = shown(capsys, str(file), "--all")
    assert out.index("older") < out.index("newer")


def test_markdown_has_tables(row: Make, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = shown(capsys, "--markdown", str(write(row(p50=1.5, p90=2.0, p99=2.5))))
    assert "| variant | threads | decode | preprocess | inference | total |" in out
    assert "| --- | ---: | ---: | ---: | ---: | ---: |" in out
    assert "| fp32 | 1 | - - - | - - - | - - - | 1.50 2.00 2.50 |" in out


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"schema": "hematov', "Unterminated string"),
        ("[1]", "not a JSON object"),
        ('{"schema": "hematovision.bench/2"}', "this program reads hematovision.bench/1"),
        ('{"schema": "hematovision.bench/1"}', "'time' is missing"),
    ],
)
def test_a_broken_line_is_told_and_skipped(
    line: str, reason: str, row: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(row(p50=1.0), line, row(stage="decode", p50=2.0))
    status, out, err = shown(capsys, str(file))
    assert status == 1
    assert f"{file}, line 2 is not a benchmark row" in err
    assert reason in err
    assert err.count("\n") == 1
    assert "2.00" in out


def test_wrong_types_are_broken_lines(
    row: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [row(p50="fast"), row(samples_ms=["1"]), row(machine=None), row(pictures=3)]
    status, out, err = shown(capsys, str(write(*wrong)))
    assert (status, out) == (2, "")
    assert err.count("skipped") == 4


def test_a_reader_that_leaves_early_is_no_error(row: Make, write: Write) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "benchmarks", "report", str(write(row(p50=1.0)))]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_file_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "none.jsonl"
    advice = "measure first with 'python -m benchmarks run'"
    assert shown(capsys, str(file)) == (2, "", f"{file} does not exist: {advice}\n")
    file.touch()
    assert shown(capsys, str(file)) == (2, "", f"{file} holds no rows: {advice}\n")
