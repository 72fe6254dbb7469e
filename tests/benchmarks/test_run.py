"""Measuring: rows that are whole and true to their samples, whatever goes wrong on the way."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cli import main
from tests.benchmarks.conftest import Outcome, measure

DOCUMENTED = {
    "schema", "time", "commit", "model", "machine", "versions", "threads", "batch", "stage",
    "samples_ms", "p50", "p90", "p99", "min", "n", "rss_mib", "reference_ms", "error",
}  # fmt: skip
ADDED = {"images_per_s", "rounds", "warmups", "pictures", "detector"}
STAGES = ("load", "first_answer", "decode", "preprocess", "inference", "total", "throughput")
FIELD = ("field_decode", "field_detect", "field_classify", "field_total", "field_model")


def test_a_run_succeeds_and_shows_its_report(measured: Outcome) -> None:
    assert measured.status == 0
    assert measured.err == ""
    assert "One picture, ms" in measured.out
    assert f"{len(measured.rows)} rows were added to " in measured.out


def test_every_row_has_the_keys_of_the_contract(measured: Outcome) -> None:
    for row in measured.rows:
        assert set(row) == DOCUMENTED | ADDED
        assert row["schema"] == "hematovision.bench/1"
        assert set(row["model"]) == {"name", "version", "variant", "sha256"}
        assert {
            "cpu",
            "cores",
            "memory_mib",
            "os",
            "governor",
            "temperature_c",
            "throttled",
        } <= set(row["machine"])
        assert set(row["versions"]) == {"python", "numpy", "pillow", "onnxruntime"}
        assert row["error"] is None


def test_every_stage_of_every_variant_is_there(measured: Outcome) -> None:
    assert {row["stage"] for row in measured.rows} == {*STAGES, *FIELD}
    found = Counter((r["model"]["variant"], r["stage"], r["batch"]) for r in measured.rows)
    expected = [("load", None), ("throughput", 3)]
    expected += [(stage, 1) for stage in (*STAGES, *FIELD) if stage != "load"]
    assert found == {(v, *key): 1 for v in ("int8", "fp32") for key in expected}


def test_figures_are_those_of_the_samples(measured: Outcome) -> None:
    for row in measured.rows:
        samples = row["samples_ms"]
        assert len(samples) == row["n"]
        assert min(samples) == row["min"] > 0
        figures = np.percentile(samples, [50, 90, 99])
        assert figures == pytest.approx([row["p50"], row["p90"], row["p99"]], rel=1e-5)
        assert row["reference_ms"] > 0
        assert row["rss_mib"] > 1
        rate = row["images_per_s"]
        if row["stage"] == "throughput":
            assert rate == pytest.approx(1e3 * row["batch"] * row["n"] / sum(samples), rel=1e-5)
        else:
            assert rate is None


def test_rounds_and_warmups_are_counted(measured: Outcome) -> None:
    assert {row["rounds"] for row in measured.rows} == {2}
    for row in measured.rows:
        if row["stage"] in ("load", "first_answer"):
            assert (row["n"], row["warmups"]) == (2, 0)
        if row["stage"] == "total":
            assert (row["n"], row["warmups"]) == (6, 6)


def test_rows_of_a_run_share_the_time_that_it_started(measured: Outcome) -> None:
    (started,) = {row["time"] for row in measured.rows}
    assert started.endswith("Z")
    assert datetime.fromisoformat(started) < datetime.now(UTC)


def test_rows_name_the_network_and_the_pictures(measured: Outcome) -> None:
    variants = json.loads((measured.bundle / "manifest.json").read_text())["variants"]
    for row in measured.rows:
        assert row["model"]["sha256"] == variants[row["model"]["variant"]]["sha256"]
        if row["stage"] in FIELD:
            assert (row["pictures"]["source"], row["pictures"]["n"]) == ("drawn fields", 6)
            assert row["pictures"]["mean_pixels"] == 640 * 480
            assert (row["detector"]["name"], row["detector"]["variant"]) == ("squares", "int8")
        else:
            assert (row["pictures"]["source"], row["pictures"]["n"]) == ("drawn", 16)
            assert row["pictures"]["mean_pixels"] == 360 * 360
            assert row["detector"] is None


def test_a_field_takes_as_long_as_its_parts_and_some_more(measured: Outcome) -> None:
    found = {(r["model"]["variant"], r["stage"]): r["samples_ms"] for r in measured.rows}
    for variant in ("int8", "fp32"):
        parts = np.sum([found[variant, f"field_{s}"] for s in ("decode", "detect", "classify")], 0)
        assert (np.array(found[variant, "field_total"]) > parts).all()
    (line,) = (x for x in measured.out.splitlines() if x.startswith("One whole field, ms"))
    assert "squares 1.0.0 int8" in line


def test_without_a_detector_its_stages_are_rows_of_errors(bundle: Path) -> None:
    measure(bundle, "--variant", "int8")
    (bundle.with_name("squares") / "model.int8.onnx").write_bytes(b"torn")
    done = measure(bundle, "--variant", "int8")
    assert done.status == 1
    failed = {row["stage"]: row["error"] for row in done.rows if row["error"]}
    assert failed.keys() == set(FIELD)
    assert all("does not match its manifest" in error for error in failed.values())


def test_a_damaged_variant_is_a_row_and_the_other_is_measured(bundle: Path) -> None:
    (bundle / "model.int8.onnx").write_bytes(b"torn")
    done = measure(bundle, bundle / "golden.png")
    assert done.status == 1
    (failed,) = [row for row in done.rows if row["error"]]
    assert (failed["model"]["variant"], failed["stage"]) == ("int8", "load")
    assert "does not match its manifest" in failed["error"]
    assert (failed["samples_ms"], failed["p50"], failed["n"]) == (None, None, 0)
    assert {row["stage"] for row in done.rows if not row["error"]} == set(STAGES)
    assert "Traceback" not in done.out + done.err


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_that_dies_is_a_row_for_each_stage_that_it_owed(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = bundle / "python"
    dying.write_text("#!/bin/sh\necho 'no such instruction' >&2\nkill -ILL $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    done = measure(bundle, "--variant", "int8", bundle / "golden.png")
    assert done.status == 1
    assert {row["stage"] for row in done.rows} == set(STAGES)
    for failed in done.rows:
        assert failed["error"] == "the process was ended by SIGILL: no such instruction"
        assert failed["n"] == 0


def test_pictures_may_be_given_and_a_bad_one_is_refused(bundle: Path) -> None:
    bad = bundle / "notes.txt"
    bad.write_text("no picture")
    done = measure(bundle, "--variant", "fp32", bundle, bad)
    assert done.status == 1
    assert done.err.startswith(f"{bad} is not a picture that can be read")
    assert not any(row["error"] for row in done.rows)
    facts = done.rows[0]["pictures"]
    assert (facts["source"], facts["n"]) == ("given", 1)
    none_left = measure(bundle, bad)
    assert (none_left.status, none_left.rows) == (2, done.rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere"], "nowhere is not a model bundle"),
        (["--variant", "int4"], "has no variant 'int4': choose"),
        (["--output", "nowhere/out.jsonl"], "nowhere/out.jsonl cannot be written"),
    ],
)
def test_what_cannot_be_measured_at_all_is_one_line(
    bundle: Path, tmp_path: Path, arguments: list[str], message: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    usual = ["--model", str(bundle), "--output", "out.jsonl"]
    assert main(["run", *usual, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--threads", "0"], ["--repeats", "x"], ["--warmups", "-1"]])
def test_a_wrong_number_ends_with_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", *wrong])
    assert "is not a whole number" in capsys.readouterr().err


def test_help_says_what_is_not_timed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["run", "--help"])
    assert "not timed: the start of Python" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_with_130_and_leaves_whole_lines(bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    command = f"{sys.executable} -m benchmarks run --rounds 1 --repeats 20 --threads 1".split()
    named = [bundle / "golden.png", "--model", bundle, "--output", file]
    command += map(str, named)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while not (file.exists() and file.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate(timeout=60)
    assert running.returncode == 130
    assert complaint == "interrupted: only whole rows were kept\n"
    lines = file.read_text().splitlines(keepends=True)
    assert lines
    assert all(line.endswith("\n") and math.isfinite(json.loads(line)["p50"]) for line in lines)
