"""All runs as one series: what was timed, run by run, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.report import runs
from benchmarks.rows import Row
from benchmarks.tables import NONE, Table, digits

STAGES = ("total", "inference")
SHORT = 7  # digits of a commit that people read


@dataclass(frozen=True)
class Point:
    """A stage of one picture in one run, with the fewest threads that the run took.

    Attributes:
        run: the run's place in time, 0 for the oldest.
        row: what was measured; its `p50` is there and above 0.
    """

    run: int
    row: Row

    @property
    def machine(self) -> str:
        """The processor and its number of cores: machines that differ in neither are one here."""
        told = self.row.machine
        return f"{told.get('cpu') or 'unknown processor'}, {told.get('cores')} cores"

    @property
    def model(self) -> str:
        """Name and version of the network."""
        return f"{self.row.model.name} {self.row.model.version}"

    @property
    def commit(self) -> str:
        """The commit in short, with `-dirty` kept."""
        digits, _, dirty = (self.row.commit or "unknown").partition("-")
        return digits[:SHORT] + (f"-{dirty}" if dirty else "")

    @property
    def p50_ms(self) -> float:
        """The median time."""
        return self.row.p50 or 0.0

    @property
    def p90_ms(self) -> float:
        """The 90th percentile, or the median where the row has none above it."""
        return max(self.p50_ms, self.row.p90 or 0.0)

    @property
    def scale(self) -> float | None:
        """One over the time of the reference kernel, which turns times into ratios."""
        return 1 / self.row.reference_ms if self.row.reference_ms else None


def history(rows: Sequence[Row]) -> list[Point]:
    """Pick what the history shows of each run and variant: the stages `total` and `inference`."""
    points = []
    for number, run in enumerate(runs(rows)):
        timed = [row for row in run if row.stage in STAGES and row.batch == 1 and row.p50]
        for variant in sorted({row.model.variant for row in timed}):
            ours = [row for row in timed if row.model.variant == variant]
            fewest = min(row.threads for row in ours)
            points += [Point(number, row) for row in ours if row.threads == fewest]
    return points


def all_runs(points: Sequence[Point]) -> Table:
    """Put the history in a table, newest run first."""
    lines: dict[tuple[int, str], dict[str, Point]] = {}
    for point in points:
        lines.setdefault((point.run, point.row.model.variant), {})[point.row.stage] = point
    body = []
    for (_, variant), stages in sorted(lines.items(), key=lambda line: (-line[0][0], line[0][1])):
        first = next(iter(stages.values()))
        cells = [f"{first.row.time[:16]} {variant}", str(first.row.threads)]
        for stage in STAGES:
            timed = stages.get(stage)
            cells += [f"{digits(timed.p50_ms)} {digits(timed.p90_ms)}" if timed else NONE]
            cells += [digits(timed.p50_ms * timed.scale if timed and timed.scale else None)]
        body.append([*cells, first.model, first.commit, first.machine])
    header = ["run, variant", "threads"]
    for stage in STAGES:
        header += [f"{stage} ms: p50 p90", f"{stage} / reference"]
    return Table("All runs", [*header, "model", "commit", "machine"], body)
