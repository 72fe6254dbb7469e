"""The commands `run`, `report`, `compare`, `archive` and `readme`: parse, call, print."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from tqdm import tqdm

from benchmarks import readme, rows
from benchmarks.compare import compare, table
from benchmarks.engines import HOW
from benchmarks.history import history
from benchmarks.machine import DependencyError
from benchmarks.page import page
from benchmarks.pictures import Pictures, draw, draw_fields, gather
from benchmarks.report import render, runs
from benchmarks.rows import Row
from benchmarks.run import Plan, perform
from runtime import Engine, HematoVisionError, load_bundle, to_json
from runtime.files import write_whole
from runtime.streams import drop_output, open_streams
from runtime.threads import default_threads

Item = TypeVar("Item")
RESULTS = Path(__file__).resolve().parent / "results.jsonl"
AUTO = "1, and what the engine takes by itself"
NOT_TIMED = """\
not timed: the start of Python and 'import runtime', reading pictures from the disk, drawing them,
warm-ups, cameras, pages and the network. 'load' reads the model from the disk, which the system
may have kept in memory. 'total' is one call from encoded picture to answer.
Whole fields are drawn, and measured where no PATH is given.
"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; a wrong one ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the runtime: speed and memory, on this machine.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="measure, and append a row per stage to the results",
        description="Measure, and append a row per stage to the results. Defaults are in brackets.",
        epilog=NOT_TIMED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = run.add_argument
    add("pictures", nargs="*", metavar="PATH", help="picture, folder or - (drawn cells)")
    add("--model", type=Path, metavar="DIR", help="bundle (the default one)")
    add("--detector", type=Path, metavar="DIR", help="bundle for whole fields (the default one)")
    add("--variant", action="append", metavar="NAME", help="may be repeated (every variant)")
    add("--threads", action="append", type=_count, metavar="N", help=f"may be repeated ({AUTO})")
    add("--batch", action="append", type=_count, metavar="N", help="may be repeated (1 and 16)")
    add("--rounds", type=_count, default=5, metavar="N", help="how often to measure all (5)")
    add("--repeats", type=_count, default=40, metavar="N", help="answers a round (40)")
    add("--warmups", type=_count_or_none, default=10, metavar="N", help="more before them (10)")
    add("--output", type=Path, default=RESULTS, metavar="FILE", help=f"({RESULTS.name} here)")
    report = commands.add_parser("report", help="show the newest run")
    report.add_argument("file", nargs="?", type=Path, default=RESULTS, metavar="FILE")
    report.add_argument("--all", action="store_true", help="show every run, oldest first")
    report.add_argument("--markdown", action="store_true", help="write Markdown")
    report.add_argument("--html", type=Path, metavar="OUT", help="draw all runs as a page as well")
    report.add_argument("--png", type=Path, metavar="OUT", help="draw all runs as a picture")
    compare = commands.add_parser(
        "compare",
        help="time the same network in onnxruntime, LiteRT and OpenVINO",
        description="Time the same network in onnxruntime, LiteRT and OpenVINO, side by side in "
        "one process, one thread each. An engine that is not installed is told and left out.",
    )
    add = compare.add_argument
    add("pictures", nargs="*", metavar="PATH", help="picture, folder or - (drawn cells)")
    add("--model", type=Path, metavar="BUNDLE", help="bundle (the default one)")
    add("--rounds", type=_count, default=7, metavar="N", help="each has its own ratio (7)")
    add("--json", action="store_true", help="print one document with every sample")
    add("--save", type=Path, metavar="FILE", help="keep that document in a file")
    archive = commands.add_parser(
        "archive",
        help="time archives: by workers here, and planned for many",
        description="Time 'runtime archive' on copies of pictures, by one and two workers, beside "
        "'runtime classify'; then run Dask's scheduler for more workers than there are here, which "
        "wait as long as they would work.",
    )
    add = archive.add_argument
    add(
        "pictures",
        nargs="*",
        metavar="PATH",
        help="JPEG, PNG or WebP pictures, or folders (drawn cells)",
    )
    add("--model", type=Path, metavar="BUNDLE", help="bundle (the default one)")
    add("--few", type=_count, default=2000, metavar="N", help="to compare speed on (2000)")
    add("--many", type=_count, default=20000, metavar="N", help="to compare memory on (20000)")
    add("--workers", type=_count, default=100, metavar="N", help="to plan for (100)")
    commands.add_parser("readme", help="write the README's figures from what was measured")
    return parser.parse_args(argv)


def run(options: argparse.Namespace) -> int:
    """Carry out a command.

    Returns:
        0 when all went well, 1 when a step failed, a picture was refused or a line was skipped,
        2 when there was nothing to measure, show or compare.

    Raises:
        HematoVisionError: the command cannot be carried out at all.
    """
    commands = {
        "run": _measure,
        "report": _report,
        "compare": _compare,
        "archive": _archive,
        "readme": _readme,
    }
    return commands[options.command](options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status."""
    open_streams()
    try:
        status = run(parse_args(argv))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, such as `head`, has gone
        drop_output()
        return 0
    except HematoVisionError as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        _complain("interrupted: only whole rows were kept")
        return 130


def _measure(options: argparse.Namespace) -> int:
    bundle = load_bundle(options.model)
    plan = Plan(
        bundle=bundle,
        variants=[bundle.variant(v).name for v in _once(options.variant or bundle.variants)],
        threads=_once(options.threads or [1, default_threads()]),
        batches=_once(options.batch or [1, 16]),
        rounds=options.rounds,
        repeats=options.repeats,
        warmups=options.warmups,
        detector=None if options.pictures else load_bundle(options.detector, "detect"),
    )
    rows.append(options.output, [])
    with tempfile.TemporaryDirectory() as temporary:
        folder, named = Path(temporary), options.pictures
        pictures = _pictures(named, folder)
        if not pictures.paths:
            return 2
        fields = draw_fields(folder) if plan.detector else None
        done, total = [], plan.rounds * len(list(plan.orders(pictures, fields)))
        taken = perform(plan, pictures, fields)
        for new in tqdm(taken, "measuring", total, unit="process", disable=None):
            rows.append(options.output, new)
            done += new
    print(render(done))
    print(f"\n{len(done)} rows were added to {options.output}")
    return 1 if pictures.refused or any(row.error is not None for row in done) else 0


def _compare(options: argparse.Namespace) -> int:
    bundle = load_bundle(options.model)
    with tempfile.TemporaryDirectory() as temporary:
        pictures = _pictures(options.pictures, Path(temporary))
        if not pictures.paths:
            return 2
        found = compare(bundle, pictures, options.rounds)
    document = json.dumps(to_json(found), allow_nan=False)
    print(document if options.json else table(found).text())
    if not found.compares():
        _complain(f"there is nothing to compare: onnxruntime and another engine must run ({HOW})")
        return 2
    if options.save:
        write_whole(options.save, document.encode() + b"\n")
        _complain(f"saved {options.save}")
    return 1 if pictures.refused else 0


def _archive(options: argparse.Namespace) -> int:
    try:
        from benchmarks import archive
    except ModuleNotFoundError as error:
        raise DependencyError(
            "dependency_missing",
            f"the package {error.name} is missing, which archives need: run 'make archive'",
        ) from error
    engine = Engine.load(options.model, threads=1)
    with tempfile.TemporaryDirectory() as temporary:
        found = _pictures(options.pictures, Path(temporary)).paths
        originals = [path for path in found if path.suffix.lower() in archive.COPIED]
        if not originals:
            _complain(
                "no JPEG, PNG or WebP picture is left: name others, or none to use drawn cells"
            )
            return 2
        commands = archive.measure(originals, options.few, options.many, engine.bundle.path)
        taken = list(tqdm(commands, "measuring", archive.COMMANDS, unit="command", disable=None))
        print(archive.taken_table(taken).text())
        plans = [(workers, size) for workers in (1, options.workers) for size in archive.SIZES]
        planned = []
        for workers, size in tqdm(plans, "planning", unit="plan", disable=None):
            task = archive.time_task(engine, originals, size)
            planned.append(archive.plan(engine, task, workers, archive.PLAN_S))
    print("", archive.planned_table(planned).text(), sep="\n")
    return 0


def _pictures(named: Sequence[str], folder: Path) -> Pictures:
    """Draw cells, or take those that are named and tell which are refused."""
    pictures = gather(named, folder) if named else draw(folder)
    for refused in pictures.refused:
        _complain(str(refused))
    if not pictures.paths:
        _complain("no picture is left to measure: name others, or none to use drawn cells")
    return pictures


def _report(options: argparse.Namespace) -> int:
    kept, broken = rows.read(options.file)
    for problem in broken:
        _complain(problem)
    if not kept:
        _complain(f"{options.file} holds no rows: measure first with 'python -m benchmarks run'")
        return 2
    drawn = _draw(kept, options.html, options.png)
    chosen = runs(kept) if options.all else runs(kept)[-1:]
    print("\n\n\n".join(render(run, options.markdown) for run in chosen))
    return 1 if broken or not drawn else 0


def _readme(options: argparse.Namespace) -> int:
    chart = _chart()
    kept, _ = rows.read(RESULTS)
    write_whole(readme.README, readme.renewed(readme.README.read_text(encoding="utf-8")).encode())
    write_whole(readme.CHART, chart.png(history(kept), readme.results_sha256()))
    return 0


def _chart() -> ModuleType:
    """Import what draws: it needs matplotlib, which nothing else here does."""
    try:
        from benchmarks import chart
    except ImportError as error:
        raise DependencyError(
            "dependency_missing",
            "the package matplotlib is missing, which drawing needs: run "
            "'.venv/bin/pip install -r requirements/bench.txt'",
        ) from error
    return chart


def _draw(kept: Sequence[Row], html: Path | None, png: Path | None) -> bool:
    """Write what was asked for; without matplotlib the page has its tables alone.

    Returns:
        Whether all that was asked for was drawn.
    """
    if not (html or png):
        return True
    points, chart, written = history(kept), None, [html] if html else []
    try:
        chart = _chart()
    except DependencyError as error:
        _complain(str(error))
    if html:
        write_whole(html, page(kept, chart.svg(points) if chart else None).encode())
    if png and chart:
        write_whole(png, chart.png(points))
        written.append(png)
    if written:
        _complain(f"wrote {' and '.join(map(str, written))}")
    return chart is not None


def _once(values: Iterable[Item]) -> list[Item]:
    return list(dict.fromkeys(values))


def _complain(line: str) -> None:
    print(line, file=sys.stderr)


def _count(text: str) -> int:
    return _whole(text, 1)


def _count_or_none(text: str) -> int:
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
    return int(text)
