"""A run: every variant with every thread count, in rounds, each time in a fresh process.

Rounds put what is compared side by side in time: a machine that turns hot or busy slows all alike
instead of whichever came last. Every other round goes backwards, for the same reason.
"""

import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import IO, Any

from benchmarks.machine import commit, hardest, machine, versions
from benchmarks.measure import Order, Step
from benchmarks.pictures import Pictures
from benchmarks.rows import Row, percentiles
from runtime import Bundle
from runtime.answers import ModelId

Key = tuple[str, int | None]  # stage and batch

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Plan:
    """What a run measures.

    Attributes:
        bundle: the model.
        detector: the bundle that finds cells, for whole fields; None leaves these out.
        variants: names of variants that the bundle has.
        threads: thread counts, each at least 1.
        batches: pictures in a call, for throughput, each at least 1.
        rounds: how often everything is measured anew, at least 1.
        repeats: answers of a round that count, at least 1.
        warmups: answers before them that do not.
    """

    bundle: Bundle
    variants: Sequence[str]
    threads: Sequence[int]
    batches: Sequence[int]
    rounds: int
    repeats: int
    warmups: int
    detector: Bundle | None = None

    def orders(self, pictures: Pictures, fields: Pictures | None = None) -> Iterator[Order]:
        """List the measurements of a round, one for each variant and thread count.

        Fields are analyzed with the detector's own variant.
        """
        for variant in self.variants:
            for threads in self.threads:
                yield Order(
                    model=str(self.bundle.path.resolve()),
                    variant=variant,
                    threads=threads,
                    pictures=[str(path.resolve()) for path in pictures.paths],
                    repeats=self.repeats,
                    warmups=self.warmups,
                    batches=sorted(self.batches),
                )
                if fields and self.detector:
                    yield Order(
                        model=str(self.bundle.path.resolve()),
                        variant=variant,
                        threads=threads,
                        pictures=[str(path.resolve()) for path in fields.paths],
                        repeats=self.repeats,
                        warmups=self.warmups,
                        batches=(),
                        detector=str(self.detector.path.resolve()),
                    )


def perform(plan: Plan, pictures: Pictures, fields: Pictures | None = None) -> Iterator[list[Row]]:
    """Measure, one process after the other.

    Args:
        plan: what and how often.
        pictures: single cells.
        fields: whole fields, for a plan with a detector.

    Yields:
        After each process, the rows that are now complete: none before the last round. A step that
        failed in any round is a row with its error.

    Raises:
        DependencyError: psutil is not installed.
    """
    same: Mapping[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "commit": commit(ROOT),
        "versions": versions(),
    }
    machine()  # what it lacks should be told before anything is measured, not after
    orders = list(plan.orders(pictures, fields))
    taken: list[dict[Key, list[Step]]] = [{} for _ in orders]
    states: list[list[Mapping[str, Any]]] = [[] for _ in orders]
    for turn in range(plan.rounds):
        everything = list(zip(orders, taken, states, strict=True))
        for order, steps, seen in everything[:: -1 if turn % 2 else 1]:
            for step in _child(order):
                steps.setdefault((step.stage, step.batch), []).append(step)
            seen.append(machine())
            bundle, sha256 = plan.bundle, plan.bundle.variants[order.variant].sha256
            model = ModelId(bundle.name, bundle.version, order.variant, sha256)
            known = {**same, "threads": order.threads, "model": model, "machine": hardest(seen)}
            known["pictures"] = fields.facts if order.detector and fields else pictures.facts
            known["detector"] = _model_of(plan.detector) if order.detector else None
            last = turn == plan.rounds - 1
            yield [_row(steps[key], known) for key in order.steps() if last and key in steps]


def _model_of(bundle: Bundle | None) -> ModelId | None:
    if bundle is None:
        return None
    variant = bundle.variant()
    return ModelId(bundle.name, bundle.version, variant.name, variant.sha256)


def _row(steps: Sequence[Step], known: Mapping[str, Any]) -> Row:
    """Unite what the rounds found of one stage."""
    stage, batch = steps[0].stage, steps[0].batch
    error = next((step.error for step in steps if step.error is not None), None)
    if error is not None:
        return Row(**known, stage=stage, batch=batch, error=error)
    samples_ms = [ms for step in steps for ms in step.samples_ms]
    p50, p90, p99 = percentiles(samples_ms)
    pictures = len(samples_ms) * (batch or 0)
    return Row(
        **known,
        stage=stage,
        batch=batch,
        samples_ms=samples_ms,
        images_per_s=1e3 * pictures / sum(samples_ms) if stage == "throughput" else None,
        p50=p50,
        p90=p90,
        p99=p99,
        min=min(samples_ms),
        n=len(samples_ms),
        rss_mib=max(step.rss_mib for step in steps if step.rss_mib is not None),
        reference_ms=median(ms for step in steps for ms in step.reference_ms),
        rounds=len(steps),
        warmups=sum(step.warmups for step in steps),
    )


def _child(order: Order) -> Iterator[Step]:
    """Measure in a fresh process; if it dies, the steps that it owed are told as failed."""
    owed = order.steps()
    with (
        tempfile.TemporaryFile("w+") as asked,
        tempfile.TemporaryFile() as complaints,
        _started(order, asked, complaints) as child,
    ):
        try:
            for line in child.stdout or ():
                step = Step(**json.loads(line))
                owed = [pair for pair in owed if pair != (step.stage, step.batch)]
                yield step
            code = child.wait()
        finally:
            child.kill()  # does nothing to one that has ended
        if code != 0:
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
            error = f"the process {_ended(code)}{last and ': ' + last}"
            for stage, batch in owed or [("total", 1)]:
                yield Step(stage, batch, error=error)


def _started(order: Order, asked: IO[str], complaints: IO[bytes]) -> "subprocess.Popen[str]":
    json.dump(dataclasses.asdict(order), asked)
    asked.seek(0)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.measure"],
        cwd=ROOT,
        stdin=asked,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        # Ctrl-C is for this process, which then ends the other one without a word.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _ended(code: int) -> str:
    """Tell how a process ended; on too old a processor that is SIGILL, without memory SIGKILL."""
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended with status {code}"
