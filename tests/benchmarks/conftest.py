"""A tiny bundle, measured once, and rows by hand."""

import contextlib
import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli import main
from benchmarks.rows import Row
from runtime import to_json
from runtime.answers import ModelId
from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_squares import make_squares_detector


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    bundle: Path
    status: int
    out: str
    err: str
    rows: list[dict[str, Any]]


def measure(bundle: Path, *arguments: str | Path, rounds: int = 1) -> Outcome:
    """Run the command with little to do, and read the rows that it wrote beside the bundle."""
    output, out, err = bundle / "results.jsonl", io.StringIO(), io.StringIO()
    command = f"run --threads 1 --batch 1 --batch 3 --rounds {rounds} --repeats 3 --warmups 1"
    named = ["--model", bundle, "--output", output, *arguments]
    detector = bundle.with_name("squares")
    if not detector.exists():
        make_squares_detector(bundle.parent)
    named += ["--detector", detector]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([*command.split(), *map(str, named)])
    lines = output.read_text().splitlines() if output.exists() else []
    rows = [json.loads(line) for line in lines]
    return Outcome(bundle, status, out.getvalue(), err.getvalue(), rows)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_tiny_bundle(tmp_path / "tiny")


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return measure(make_tiny_bundle(tmp_path_factory.mktemp("measured") / "tiny"), rounds=2)


@pytest.fixture
def row() -> Callable[..., Row]:
    """Make a row by hand; keywords replace what it holds."""

    def make(variant: str = "fp32", **changed: object) -> Row:
        whole = Row(
            time="2026-01-02T03:04:05.000Z",
            commit="c0ffee",
            model=ModelId("tiny", "1.0.0", variant, "00"),
            machine={"cpu": "Abacus 3", "cores": 2, "logical_cores": 4},
            versions={"python": "3.11.0"},
            threads=1,
            batch=1,
            stage="total",
        )
        return dataclasses.replace(whole, **changed)

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write rows, or text as it stands, as lines of a file."""

    def make(*lines: Row | str) -> Path:
        file = tmp_path / "by_hand.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(to_json(line)) for line in lines]
        file.write_text("".join(f"{text}\n" for text in texts))
        return file

    return make
