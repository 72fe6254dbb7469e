"""The same network in several engines, timed side by side in one process with one thread each.

Every round goes through all engines several times, in a new order each time, a few calls at a time
after one that does not count; so a machine that turns hot or busy slows all alike, and no engine
always finds its neighbor's data in the caches.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from benchmarks.engines import ENGINES, HOW, ONNXRUNTIME, Ask, Engine, network
from benchmarks.machine import commit, machine, versions
from benchmarks.measure import said
from benchmarks.pictures import Pictures
from benchmarks.ratio import Ratio, ratio
from benchmarks.reference import time_reference
from benchmarks.rows import percentiles
from benchmarks.run import ROOT
from benchmarks.tables import NONE, Table, digits, one_line
from runtime import Bundle, decode
from runtime.preprocess import Batch, to_batch, to_input

SCHEMA = "hematovision.comparison/1"
PRECISIONS = ("fp32", "int8")
PASSES, CALLS = 8, 5  # of a round through all engines, and of an engine in a pass
WARMUPS = 20

Key = tuple[str, str]  # engine and precision


@dataclass(frozen=True)
class Entry:
    """An engine with the network in one precision; one that failed has `error` and no figures.

    Attributes:
        file: of the bundle; `sha256` is its hash.
        options: what the engine was told about threads and precision.
        samples_ms: time of every call that counts, in equal parts from each round.
        ratio: time against onnxruntime's in the same precision.
        same_labels: share of the pictures that get the label that onnxruntime gives in the same
            precision, 0 to 1: that it is the same network.
    """

    engine: str
    version: str | None
    precision: str
    options: Mapping[str, Any]
    file: str | None = None
    sha256: str | None = None
    samples_ms: Sequence[float] | None = None
    p50: float | None = None
    p90: float | None = None
    min: float | None = None
    ratio: Ratio | None = None
    same_labels: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What `benchmarks compare` found; `warmups` and `calls` count those of one entry."""

    time: str
    commit: str | None
    model: Mapping[str, str]
    machine: Mapping[str, Any]
    versions: Mapping[str, str | None]
    pictures: Mapping[str, Any]
    rounds: int
    calls: int
    warmups: int
    reference_ms: float
    entries: Sequence[Entry]
    threads: int = 1
    schema: str = SCHEMA

    def compares(self) -> bool:
        """Tell whether onnxruntime and at least one other engine ran."""
        ran = {entry.engine for entry in self.entries if entry.error is None}
        return ONNXRUNTIME.name in ran and len(ran) > 1


@dataclass(frozen=True)
class _Opened:
    """An engine that answers, or why it does not."""

    engine: Engine
    precision: str
    file: str | None = None
    sha256: str | None = None
    ask: Ask | None = None
    error: str | None = None


def compare(
    bundle: Bundle, pictures: Pictures, rounds: int, engines: Sequence[Engine] = ENGINES
) -> Comparison:
    """Time a bundle's network in every engine that is installed.

    Args:
        bundle: the network in fp32 and int8.
        pictures: what is asked, in turn, as the runtime preprocesses it; at least one.
        rounds: at least 1.
        engines: to compare, with onnxruntime among them.

    Raises:
        DependencyError: psutil is not installed.
    """
    started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    facts = machine()
    inputs = [to_input(decode(path), bundle.size_px, bundle.framing) for path in pictures.paths]
    batches = [to_batch([each]) for each in inputs]
    opened = [_open(bundle, e, precision, batches) for e in engines for precision in PRECISIONS]
    asked = {(o.engine.name, o.precision): o.ask for o in opened if o.ask is not None}
    reference_ms = time_reference()
    samples = _sample(asked, batches, rounds)
    reference_ms += time_reference()
    labels = {key: [_label(ask, batch) for batch in batches] for key, ask in asked.items()}
    return Comparison(
        time=started,
        commit=commit(ROOT),
        model={"name": bundle.name, "version": bundle.version},
        machine=facts,
        versions=versions(),
        pictures=pictures.facts,
        rounds=rounds,
        calls=rounds * PASSES * CALLS,
        warmups=WARMUPS + rounds * PASSES,
        reference_ms=median(reference_ms),
        entries=[_entry(o, samples, labels, rounds) for o in opened],
    )


def table(comparison: Comparison) -> Table:
    """Put a comparison in a table, an engine and precision a line."""
    body = []
    for entry in comparison.entries:
        cells = [f"{entry.engine} {entry.version or ''}".strip(), entry.precision]
        if entry.error is not None:
            body.append([*cells, NONE, NONE, NONE, NONE, one_line(entry.error)])
            continue
        share = None if entry.same_labels is None else f"{100 * entry.same_labels:.0f} %"
        cells += [digits(entry.p50), digits(entry.p90), str(entry.ratio or NONE), share or NONE]
        body.append([*cells, ""])
    model, told = comparison.model, comparison.machine
    title = (
        f"{model['name']} {model['version']}, one picture, one thread, one process; "
        f"{comparison.rounds} rounds, {comparison.calls} calls each; {told.get('cpu')}"
    )
    header = ("engine", "network", "p50 ms", "p90 ms", "time / onnxruntime", "same labels", "")
    return Table(title, header, body)


def _open(bundle: Bundle, engine: Engine, precision: str, batches: Sequence[Batch]) -> _Opened:
    """Open an engine and warm it up; whatever fails is told in its line."""
    if engine.version() is None:
        return _Opened(engine, precision, error=f"not installed: {HOW}")
    file = sha256 = None
    try:
        file, sha256, content = network(bundle, engine.form, precision)
        ask = engine.open(content, engine.options)
        for turn in range(WARMUPS):
            given = ask(batches[turn % len(batches)])
        if given.shape != (1, len(bundle.classes)) or not np.isfinite(given).all():
            raise ValueError(f"it answers {given.shape} instead of a number for each class")
    except Exception as error:  # noqa: BLE001 other engines' errors have no common base
        return _Opened(engine, precision, file, sha256, error=said(error))
    return _Opened(engine, precision, file, sha256, ask)


def _sample(
    asked: Mapping[Key, Ask], batches: Sequence[Batch], rounds: int
) -> dict[Key, list[float]]:
    samples: dict[Key, list[float]] = {key: [] for key in asked}
    order, shuffled = list(asked), random.Random(rounds)  # noqa: S311 an order, not a secret
    turn = 0
    for _ in range(rounds * PASSES):
        shuffled.shuffle(order)
        for key in order:
            ask = asked[key]
            ask(batches[turn % len(batches)])
            for call in range(turn, turn + CALLS):
                batch = batches[call % len(batches)]
                start = time.perf_counter()
                ask(batch)
                samples[key].append((time.perf_counter() - start) * 1e3)
        turn += CALLS
    return samples


def _label(ask: Ask, batch: Batch) -> int:
    return int(ask(batch).argmax())


def _entry(
    opened: _Opened,
    samples: Mapping[Key, Sequence[float]],
    labels: Mapping[Key, Sequence[int]],
    rounds: int,
) -> Entry:
    engine, precision = opened.engine, opened.precision
    same = partial(
        Entry,
        engine=engine.name,
        version=engine.version(),
        precision=precision,
        options=engine.options,
        file=opened.file,
        sha256=opened.sha256,
    )
    ours, plain = (engine.name, precision), (ONNXRUNTIME.name, precision)
    if opened.error is not None:
        return same(error=opened.error)
    p50, p90, _ = percentiles(samples[ours])
    return same(
        samples_ms=samples[ours],
        p50=p50,
        p90=p90,
        min=min(samples[ours]),
        ratio=ratio(samples[ours], samples[plain], rounds) if plain in samples else None,
        same_labels=float(np.mean(np.equal(labels[ours], labels[plain])))
        if plain in labels
        else None,
    )
