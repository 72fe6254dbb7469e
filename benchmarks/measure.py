"""The stopwatch: one variant with one thread count, measured in a process of its own.

`python -m benchmarks.measure` reads an `Order` as JSON and writes one `Step` a line as soon as it
is known, so that a process that dies has said all that it knew.

Pictures are in memory before the clock starts. `load` is `Engine.load` with the import of
onnxruntime in it; the start of Python and `import runtime` come before. `total` is the time of
`Engine.classify` by a clock outside of it; the other stages are what the engine itself reports.
Stages of whole fields are those of `Analyzer.analyze` likewise; `field_model` is the inference of
one cell in the same process, by turns with the fields.
"""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.machine import peak_rss_mib
from benchmarks.reference import time_reference
from runtime import Detector, Engine, HematoVisionError, ImageError, Refusal
from runtime.fields import Analyzer
from runtime.synthetic import draw_cell

FIELD = ("field_decode", "field_detect", "field_classify", "field_total", "field_model")
ONE_PICTURE = ("decode", "preprocess", "inference", "total")
CELL_PX = 200
BLOCKS = 2
LEAST = 4  # calls of a batch, however large it is


@dataclass(frozen=True)
class Order:
    """What to measure.

    Attributes:
        model: folder of the bundle.
        variant: `int8` or `fp32`.
        threads: threads of one inference.
        pictures: files, taken in turn.
        repeats: answers of one picture that count; also how many pictures each batch size sees.
        warmups: answers before them that do not count.
        batches: how many pictures a call holds, for throughput, in rising order, as memory rises.
        detector: folder of the bundle that finds cells, where `pictures` are whole fields; then
            these are analyzed, and nothing else is measured.
    """

    model: str
    variant: str
    threads: int
    pictures: Sequence[str]
    repeats: int
    warmups: int
    batches: Sequence[int]
    detector: str | None = None

    def steps(self) -> list[tuple[str, int | None]]:
        """List stage and batch of every step that the measurement should bring, in order."""
        if self.detector:
            return [(stage, 1) for stage in FIELD]
        singles = [(stage, 1) for stage in ("first_answer", *ONE_PICTURE)]
        return [("load", None), *singles, *(("throughput", batch) for batch in self.batches)]


@dataclass(frozen=True)
class Step:
    """Samples of one stage in milliseconds, or the error that took their place."""

    stage: str
    batch: int | None
    warmups: int = 0
    samples_ms: Sequence[float] = ()
    reference_ms: Sequence[float] = ()
    rss_mib: float | None = None
    error: str | None = None


def measure(order: Order) -> Iterator[Step]:
    """Carry out an order; a step that fails is told, and those that do not need it follow."""
    pictures = [Path(path).read_bytes() for path in order.pictures]
    if order.detector:
        yield from _fields(order, Path(order.detector), pictures)
        return
    engine, loaded = _load(order)
    yield loaded
    if engine is None:
        return
    yield from _sample(("first_answer",), 1, lambda turn: _first(engine, pictures), 1, 0)
    yield from _sample(
        ONE_PICTURE, 1, lambda turn: _one(engine, pictures, turn), order.repeats, order.warmups
    )
    for batch in order.batches:
        calls, warmups = max(LEAST, order.repeats // batch), -(-order.warmups // batch)
        once = partial(_many, engine, pictures, batch)
        yield from _sample(("throughput",), batch, once, calls, warmups)


def _fields(order: Order, detector: Path, pictures: Sequence[bytes]) -> list[Step]:
    """Analyze fields, and name a cell by turns: what the classifier takes for one is the unit."""
    try:
        analyzer = Analyzer(
            Detector.load(detector, threads=order.threads),
            Engine.load(Path(order.model), order.variant, order.threads),
        )
    except Exception as error:  # noqa: BLE001 as in _load
        return [Step(stage, 1, error=said(error)) for stage in FIELD]
    cell = draw_cell("neutrophil", 0, CELL_PX)

    def once(turn: int) -> Mapping[str, float]:
        start = time.perf_counter()
        answer = analyzer.analyze(pictures[turn % len(pictures)])
        total_ms = (time.perf_counter() - start) * 1e3
        parts_ms = {f"field_{stage}": ms for stage, ms in dataclasses.asdict(answer.ms).items()}
        model_ms = analyzer.engine.classify(cell).ms.inference
        return {**parts_ms, "field_total": total_ms, "field_model": model_ms}

    return _sample(FIELD, 1, once, order.repeats, order.warmups)


def _load(order: Order) -> tuple[Engine | None, Step]:
    reference_ms = time_reference()
    start = time.perf_counter()
    try:
        engine = Engine.load(Path(order.model), order.variant, order.threads)
    except Exception as error:  # noqa: BLE001 whatever fails is a row; the rest is still measured
        return None, Step("load", None, error=said(error))
    load_ms = (time.perf_counter() - start) * 1e3
    reference_ms += time_reference()
    return engine, Step("load", None, 0, [load_ms], reference_ms, peak_rss_mib())


def _first(engine: Engine, pictures: Sequence[bytes]) -> Mapping[str, float]:
    return {"first_answer": _one(engine, pictures, 0)["total"]}


def _one(engine: Engine, pictures: Sequence[bytes], turn: int) -> Mapping[str, float]:
    start = time.perf_counter()
    answer = engine.classify(pictures[turn % len(pictures)])
    total_ms = (time.perf_counter() - start) * 1e3
    return {**dataclasses.asdict(answer.ms), "total": total_ms}


def _many(engine: Engine, pictures: Sequence[bytes], batch: int, turn: int) -> Mapping[str, float]:
    chosen = [pictures[(turn * batch + i) % len(pictures)] for i in range(batch)]
    start = time.perf_counter()
    answers = engine.classify_batch(chosen)
    call_ms = (time.perf_counter() - start) * 1e3
    for answer in answers:
        if isinstance(answer, Refusal):
            raise ImageError(answer.error.code, answer.error.message)
    return {"throughput": call_ms}


def _sample(
    stages: Sequence[str],
    batch: int,
    once: Callable[[int], Mapping[str, float]],
    repeats: int,
    warmups: int,
) -> list[Step]:
    """Time calls in blocks, with the reference kernel before, between and after them.

    Args:
        stages: what a call brings times of, in milliseconds.
        batch: pictures in a call.
        once: makes the call; it is given the call's number.
        repeats: calls that count.
        warmups: calls before that do not count; unless 0, another one opens each block, because
            the kernel has just had the processor's caches.
    """
    blocks, opening = min(BLOCKS, repeats), min(1, warmups)
    samples: dict[str, list[float]] = {stage: [] for stage in stages}
    try:
        for turn in range(warmups):
            once(turn)
        reference_ms = time_reference()
        for block in range(blocks):
            for turn in range(opening):
                once(turn)
            for turn in range(block * repeats // blocks, (block + 1) * repeats // blocks):
                times_ms = once(turn)
                for stage in stages:
                    samples[stage].append(times_ms[stage])
            reference_ms += time_reference()
    except Exception as error:  # noqa: BLE001 as in _load
        return [Step(stage, batch, error=said(error)) for stage in stages]
    unseen, peak = warmups + blocks * opening, peak_rss_mib()
    return [Step(s, batch, unseen, samples[s], reference_ms, peak) for s in stages]


def said(error: Exception) -> str:
    """Put an error in a line: a deliberate one is a sentence, any other needs its type."""
    known = isinstance(error, HematoVisionError)
    return " ".join((f"{error}" if known else f"{type(error).__name__}: {error}").split())


def main() -> None:
    """Measure what standard input orders."""
    order = Order(**json.load(sys.stdin))
    for step in measure(order):
        sys.stdout.write(json.dumps(dataclasses.asdict(step)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
