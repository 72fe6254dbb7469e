"""Fuzzing of all that reads what others have written, each target in processes of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.fuzz.child import MOST_MB, SLOWEST_S, SWOLLEN, TARGETS, WORN, Findings, tried

ROOT = Path(__file__).parents[3]
STARTING_S = 600.0  # that a process is given on top of its time, on a busy computer
LAST_WORDS = 6000  # letters
LATE = 83  # exit status of a process that did not end by itself


@dataclass(frozen=True)
class Patience:
    """How much of a target is put up with.

    Attributes:
        slowest_s: seconds after which an input counts as one that hangs.
        most_mb: megabytes that a process may ever have held.
        most_deaths: of its processes, after which there is no use in going on.
    """

    slowest_s: float = SLOWEST_S
    most_mb: int = MOST_MB
    most_deaths: int = 20


PATIENT = Patience()


@dataclass
class Row:
    """What became of a target.

    Attributes:
        target: its name.
        seconds: how long it was fuzzed.
        executions: inputs that it was given.
        starts: processes that were begun.
        deaths: processes that crashed, hung or took too much memory.
        findings: a line and the file of each kind.
    """

    target: str
    seconds: float = 0.0
    executions: int = 0
    starts: int = 0
    deaths: int = 0
    findings: list[tuple[str, Path]] = field(default_factory=list)


def campaign(
    keep: Path,
    seconds: float,
    seed: int,
    targets: Sequence[str] = tuple(TARGETS),
    plain: bool = False,
    patience: Patience = PATIENT,
    tell: Callable[[str], None] | None = None,
) -> list[Row]:
    """Fuzz targets, one after the other.

    Args:
        keep: folder that receives corpus and findings of each; what lies there is gone on from.
        seconds: for each target.
        seed: of what is random.
        targets: their names.
        plain: by chance alone, also where Atheris is installed.
        patience: with what is found.
        tell: called with each row.
    """
    rows = []
    for target in targets:
        rows.append(_fuzz(target, keep / target, seconds, seed, plain, patience))
        if tell:
            tell(line(rows[-1]))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Give the rows as aligned lines, and below them what was found."""
    head = (
        f"{'target':<12}{'seconds':>9}{'inputs':>11}{'a second':>10}{'starts':>8}{'deaths':>8}"
        f"{'findings':>10}"
    )
    found = [f"{row.target}: {kind}\n  {file}" for row in rows for kind, file in row.findings]
    limits = f"limits: {SLOWEST_S:g} s an input, {MOST_MB} MB a process"
    return "\n".join([head, *map(line, rows), "", limits, *found])


def line(row: Row) -> str:
    """Give one row."""
    rate = row.executions / max(row.seconds, 1e-9)
    return (
        f"{row.target:<12}{row.seconds:>9.0f}{row.executions:>11}{rate:>10.0f}{row.starts:>8}"
        f"{row.deaths:>8}{len(row.findings):>10}"
    )


def _fuzz(
    target: str, folder: Path, seconds: float, seed: int, plain: bool, patience: Patience
) -> Row:
    row, trying = Row(target), folder / "trying"
    folder.mkdir(parents=True, exist_ok=True)
    findings = Findings(folder / "findings")
    while row.seconds < seconds and row.deaths < patience.most_deaths:
        trying.unlink(missing_ok=True)
        begun_s, left_s = time.monotonic(), seconds - row.seconds
        status, words = _run(target, folder, left_s, seed + row.starts, plain, patience)
        row.starts += 1
        row.seconds += time.monotonic() - begun_s
        executions, given = tried(trying) if trying.exists() else (0, b"")
        row.executions += executions
        if status == 0:
            break
        if status == WORN:
            continue
        row.deaths += 1
        stalled = folder / "stalled.txt"
        hung = stalled.exists() and stalled.read_text(encoding="utf-8", errors="replace")
        findings.keep(given, _why(status, hung or ""), hung or words)
        stalled.unlink(missing_ok=True)
        if not executions:  # it has not even started
            break
    kept = sorted((folder / "findings").glob("*.txt"))
    row.findings = [
        (text.read_text(encoding="utf-8").splitlines()[0], text.with_suffix(".input"))
        for text in kept
    ]
    return row


def _run(
    target: str, folder: Path, seconds: float, seed: int, plain: bool, patience: Patience
) -> tuple[int, str]:
    """Run a process; give its exit status and its last words."""
    command = [
        *(sys.executable, "-m", "tests.campaigns.fuzz.child", target, str(folder)),
        *("--seconds", str(seconds), "--seed", str(seed), "--slowest", str(patience.slowest_s)),
        *("--most", str(patience.most_mb)),
        *(["--plain"] if plain else []),
    ]
    with (folder / "said.txt").open("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        try:
            status = process.wait(seconds + STARTING_S)
        except subprocess.TimeoutExpired:
            status = LATE
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        return status, said.read()[-LAST_WORDS:]


def _why(status: int, hung: str) -> str:
    """Say how a process has died, and where, so that the same death is found once."""
    if hung:
        places = [each.strip() for each in hung.splitlines() if ROOT.name in each or "PIL" in each]
        return f"Hang of too long {' '.join(places[:1])}"
    if status == SWOLLEN:
        return "Memory beyond the limit"
    if status < 0:
        return f"Crash by {signal.Signals(-status).name}"
    return f"End with status {status}"
