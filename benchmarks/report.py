"""Rows for a reader: a line per variant and thread count, and int8 against fp32."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from benchmarks.measure import FIELD, ONE_PICTURE
from benchmarks.ratio import ratio
from benchmarks.rows import Row
from benchmarks.tables import NONE, Table, digits, one_line

PLAIN = "fp32"  # what other variants are compared with

Lines = dict[tuple[str, int], dict[tuple[str, int | None], Row]]  # variant, threads; stage, batch


def runs(rows: Sequence[Row]) -> list[list[Row]]:
    """Gather rows into runs of one model on one machine, oldest run first."""
    gathered: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        model = row.model.name, row.model.version
        key = row.time, row.commit or "", str(row.machine.get("cpu")), *model
        gathered.setdefault(key, []).append(row)
    # Times may be told in different zones.
    return sorted(gathered.values(), key=lambda run: datetime.fromisoformat(run[0].time))


def render(run: Sequence[Row], markdown: bool = False) -> str:
    """Show one run.

    Args:
        run: rows of one run, at least one.
        markdown: write lists and tables for a Markdown page instead of a terminal.

    Returns:
        Text of many lines that ends without a line break.
    """
    shape = "- **{}**: {}" if markdown else "{:<10} {}"
    parts = ["\n".join(shape.format(*fact) for fact in facts(run))]
    parts += [table.markdown() if markdown else table.text() for table in tables(run)]
    if failed := failures(run):
        parts.append("\n".join(["Failed:", *[""] * markdown, *(f"- {line}" for line in failed)]))
    return "\n\n".join(parts)


def tables(run: Sequence[Row]) -> list[Table]:
    """Put what was measured into tables; one that would be empty is left out."""
    lines: Lines = {}
    for row in run:
        lines.setdefault((row.model.variant, row.threads), {})[row.stage, row.batch] = row
    found = (_overview(lines), _stages(lines), _comparison(lines), _fields(lines))
    return [table for table in found if table.lines]


def failures(run: Sequence[Row]) -> list[str]:
    """Say which steps failed and why, a line each."""
    return [f"{_name(row)}: {one_line(row.error)}" for row in run if row.error is not None]


def facts(run: Sequence[Row]) -> list[tuple[str, str]]:
    """Say where and when; rows of a run differ in heat and in the reference only."""
    first = run[0]
    kinds = list({str(row.pictures): row.pictures for row in run}.values())
    reference = [row.reference_ms for row in run if row.reference_ms is not None]
    return [
        ("run", f"{first.time}, commit {first.commit or 'unknown'}"),
        ("model", f"{first.model.name} {first.model.version}"),
        ("machine", ", ".join(_machine([row.machine for row in run]))),
        ("software", ", ".join(f"{name} {version}" for name, version in first.versions.items())),
        (
            "pictures",
            "; ".join(
                f"{pictures.get('n')} {pictures.get('source')}, on average "
                f"{pictures.get('mean_bytes')} bytes and {pictures.get('mean_pixels')} pixels"
                for pictures in kinds
            ),
        ),
        ("reference", f"{digits(min(reference))} to {digits(max(reference))} ms")
        if reference
        else ("reference", NONE),
    ]


def _machine(states: Sequence[Mapping[str, Any]]) -> list[str]:
    first = states[0]
    told = [
        str(first.get("cpu") or "unknown processor"),
        f"{first.get('cores')} cores ({first.get('logical_cores')} logical)",
        f"{first.get('memory_mib')} MiB",
        f"{first.get('os')} {first.get('arch')}",
    ]
    if first.get("governor"):
        told.append(f"governor {first['governor']}")
    heat = [t for t in (s.get("temperature_c") for s in states) if isinstance(t, int | float)]
    if heat:
        told.append(f"{min(heat):.0f} to {max(heat):.0f} °C")
    held = {str(word) for s in states for word in (s.get("throttled") or {}).get("now") or ()}
    if held:
        told.append(f"held down by {' and '.join(sorted(held))}")
    return told


def _overview(lines: Lines) -> Table:
    batches = sorted({b or 0 for steps in lines.values() for s, b in steps if s == "throughput"})
    header = ["variant", "threads", "load ms", "first answer ms"]
    header += [f"images/s by {batch}" for batch in batches]
    body = []
    for (variant, threads), steps in lines.items():
        total = steps.get(("total", 1))
        memory = [
            row.rss_mib
            for (stage, _), row in steps.items()
            if stage not in FIELD and row.rss_mib is not None
        ]
        ratio_to_reference = (
            total.p50 / total.reference_ms if total and total.p50 and total.reference_ms else None
        )
        cells = [
            _cell(steps.get(("load", None)), "p50"),
            _cell(steps.get(("first_answer", 1)), "p50"),
        ]
        cells += [_cell(steps.get(("throughput", batch)), "images_per_s") for batch in batches]
        cells += [digits(max(memory, default=None)), digits(ratio_to_reference)]
        body.append([variant, str(threads), *cells])
    title = "Start, throughput, memory (load and first answer: median of fresh processes)"
    return Table(title, [*header, "peak MiB", "total / reference"], body)


def _stages(lines: Lines) -> Table:
    body = [
        [
            variant,
            str(threads),
            *(
                " ".join(_cell(steps.get((stage, 1)), p) for p in ("p50", "p90", "p99"))
                for stage in ONE_PICTURE
            ),
        ]
        for (variant, threads), steps in lines.items()
        if any((stage, 1) in steps for stage in ONE_PICTURE)
    ]
    return Table("One picture, ms: p50 p90 p99", ["variant", "threads", *ONE_PICTURE], body)


def _fields(lines: Lines) -> Table:
    """Tell the stages of whole fields, and how much more than one cell a field takes."""
    body, detectors = [], set()
    for (variant, threads), steps in lines.items():
        told = [steps.get((stage, 1)) for stage in FIELD]
        if not any(told):
            continue
        detectors |= {
            f"{d.name} {d.version} {d.variant}" for row in told if row and (d := row.detector)
        }
        cells = [" ".join(_cell(row, p) for p in ("p50", "p90")) for row in told]
        memory = [row.rss_mib for row in told if row and row.rss_mib is not None]
        cells += [_cost(steps), digits(max(memory, default=None))]
        body.append([variant, str(threads), *cells])
    header = ["variant", "threads", *(stage.removeprefix("field_") for stage in FIELD)]
    title = f"One whole field, ms: p50 p90; model is one cell's inference ({', '.join(detectors)})"
    return Table(title, [*header, "(total - decode) / model", "peak MiB"], body)


def _cost(steps: Mapping[tuple[str, int | None], Row]) -> str:
    """Divide what a field takes without its decoding by the inference of one cell, by rounds."""
    decode, total, model = (steps.get((f"field_{s}", 1)) for s in ("decode", "total", "model"))
    if not (decode and total and model):
        return NONE
    if not (decode.samples_ms and total.samples_ms and model.samples_ms) or not model.min:
        return NONE
    rest = [t - d for t, d in zip(total.samples_ms, decode.samples_ms, strict=True)]
    return str(ratio(rest, model.samples_ms, total.rounds))


def _comparison(lines: Lines) -> Table:
    """Divide the times of other variants by those of fp32 with the same threads."""
    stages = [("load", None), ("inference", 1), ("total", 1)]
    stages += sorted({key for steps in lines.values() for key in steps if key[0] == "throughput"})
    body = []
    for (variant, threads), steps in lines.items():
        plain = lines.get((PLAIN, threads), {})
        if variant != PLAIN and plain:
            cells = [_ratio(steps.get(key), plain.get(key)) for key in stages]
            body.append([f"{variant} / {PLAIN}", str(threads), *cells])
    header = [stage if stage != "throughput" else f"calls of {batch}" for stage, batch in stages]
    title = "Time against fp32: median of rounds and their range (below 1: quicker than fp32)"
    return Table(title, ["variants", "threads", *header], body)


def _ratio(row: Row | None, plain: Row | None) -> str:
    if row is None or plain is None or not row.samples_ms or not plain.samples_ms:
        return NONE
    if min(plain.samples_ms) <= 0:
        return NONE  # a clock too coarse for what it timed
    rounds = min(row.rounds, plain.rounds, len(row.samples_ms), len(plain.samples_ms))
    return str(ratio(row.samples_ms, plain.samples_ms, max(1, rounds)))


def _cell(row: Row | None, figure: str) -> str:
    return (
        "failed"
        if row is not None and row.error is not None
        else digits(getattr(row, figure, None))
    )


def _name(row: Row) -> str:
    batch = f" of {row.batch}" if row.stage == "throughput" else ""
    return f"{row.model.variant}, {row.threads} threads, {row.stage}{batch}"
