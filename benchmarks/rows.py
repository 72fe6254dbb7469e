"""A benchmark row: one stage of one variant, measured, with all that says where and when.

Rows are lines of JSON that are only ever appended. A row names its run by the time that the run
started, the same in all of its rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contract import MODEL, SCHEMA, check
from runtime.answers import ModelId, to_json
from runtime.errors import HematoVisionError

MOST_REASON = 160  # characters


class ResultsError(HematoVisionError, OSError):
    """The file of results cannot be read or written."""


@dataclass(frozen=True)
class Row:
    """What one line holds; a stage that failed has `error` and no figures.

    Attributes:
        time: when the run started, ISO 8601 in UTC.
        commit: commit of the program, `-dirty` when files differ; None where unknown.
        model: the network; its name, version, variant and hash.
        machine: see `machine.machine`; heat and throttling are the worst of the run's rounds.
        versions: of Python and of packages.
        threads: threads of one inference.
        batch: pictures in a call; None for `load`.
        stage: `load`, `first_answer`, `decode`, `preprocess`, `inference`, `total` or `throughput`;
            of whole fields `field_decode`, `field_detect`, `field_classify`, `field_total` and
            `field_model`, the inference of one cell beside them.
        samples_ms: time of every call that counts, in the order measured, in milliseconds.
        images_per_s: pictures over time of all calls; of `throughput` only.
        p50: median of the samples in milliseconds; `p90` and `p99` likewise, interpolated.
        min: the quickest sample in milliseconds.
        n: number of samples.
        rss_mib: most memory that the measuring process had held by then, in MiB.
        reference_ms: median time of the reference kernel before, between and after the samples.
        error: why the stage failed.
        rounds: the samples are this many equal parts, one from each round of the run.
        warmups: calls that went before and in between and do not count.
        pictures: `source` (`drawn`, `drawn fields` or `given`), how many, and their mean bytes and
            pixels.
        detector: of stages of whole fields, the network that found the cells.
    """

    time: str
    commit: str | None
    model: ModelId
    machine: Mapping[str, Any]
    versions: Mapping[str, str | None]
    threads: int
    batch: int | None
    stage: str
    samples_ms: Sequence[float] | None = None
    images_per_s: float | None = None
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    min: float | None = None
    n: int = 0
    rss_mib: float | None = None
    reference_ms: float | None = None
    error: str | None = None
    rounds: int = 1
    warmups: int = 0
    pictures: Mapping[str, Any] = field(default_factory=dict)
    detector: ModelId | None = None
    schema: str = SCHEMA


def percentiles(samples: Sequence[float]) -> tuple[float, float, float]:
    """Return the 50th, 90th and 99th percentile of at least one sample, linear between ranks."""
    p50, p90, p99 = np.percentile(samples, [50, 90, 99]).tolist()
    return p50, p90, p99


def append(path: Path, rows: Sequence[Row]) -> None:
    """Add rows to a file with one write, so that an interrupted run leaves whole lines only.

    Args:
        path: the file; it is created when missing. No rows only checks that it can be written.
        rows: what to add.

    Raises:
        ResultsError: the file cannot be written.
    """
    text = "".join(json.dumps(to_json(row), allow_nan=False) + "\n" for row in rows)
    try:
        with path.open("ab+", buffering=0) as file:
            size = file.seek(0, 2)
            if text and size:
                file.seek(size - 1)
                # A file that was cut off must not swallow the first new row.
                text = text if file.read(1) == b"\n" else "\n" + text
            file.write(text.encode())
    except OSError as error:
        raise ResultsError(
            "unwritable", f"{path} cannot be written ({error.strerror}): choose another --output"
        ) from error


def read(path: Path) -> tuple[list[Row], list[str]]:
    """Read the rows of a file; a line that is none is told and skipped.

    Returns:
        The rows in the file's order, and a sentence for each line that was skipped.

    Raises:
        ResultsError: the file is missing or cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError as error:
        raise ResultsError(
            "not_found", f"{path} does not exist: measure first with 'python -m benchmarks run'"
        ) from error
    except OSError as error:
        raise ResultsError("unreadable", f"{path} cannot be read ({error.strerror})") from error
    rows, broken = [], []
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                rows.append(_parse(line))
        except (ValueError, RecursionError) as error:
            told = f"{path}, line {number} is not a benchmark row ({_short(error)}): skipped"
            broken.append(told)
    return rows, broken


def _parse(line: bytes) -> Row:
    known = check(json.loads(line, parse_constant=_no_number))
    networks: dict[str, Any] = {
        role: ModelId(*(known[role][key] for key in MODEL))
        for role in ("model", "detector")
        if role in known
    }
    return Row(**{"commit": None, "batch": None, **known, **networks})


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _short(error: Exception) -> str:
    """Put a reason in a line; the value that it quotes may be as long as the file."""
    reason = " ".join(str(error).split())
    return reason if len(reason) <= MOST_REASON else f"{reason[:MOST_REASON]}…"
