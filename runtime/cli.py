"""The commands of the device: classify, analyze, archive, camera, models, verify, smear."""

import argparse
import errno
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from tqdm import tqdm

from runtime.answers import Answer, Classification, Refusal, document, to_json
from runtime.arguments import parse_args
from runtime.bundle import MODELS, Bundle, list_bundles, read_bundle
from runtime.cell_table import open_cell_table
from runtime.ending import Terminated, ending_politely
from runtime.engine import Engine
from runtime.errors import BundleError, HematoVisionError, ImageError
from runtime.field_answers import FieldAnalysis, FieldAnswer, field_document
from runtime.fields import Analyzer
from runtime.figure import figure_name, prepare_folder, write_figure
from runtime.images import Source, decode, quiet_pillow, within_memory
from runtime.inputs import walk
from runtime.lines import one_line
from runtime.overlay import write_crops, write_overlay
from runtime.smear_files import write_smears
from runtime.streams import drop_output, open_streams
from runtime.table import open_table
from runtime.text import (
    cell_line,
    explained_lines,
    field_lines,
    field_summary_lines,
    summary_lines,
)
from runtime.verify import verify_all

ANSWERED, SOME_REFUSED, UNUSABLE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


def run(args: argparse.Namespace) -> int:
    """Run a parsed command and return its exit status.

    Raises:
        HematoVisionError: the command or the bundle is unusable.
    """
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "classify": _classify,
        "analyze": _analyze,
        "archive": _archive,
        "camera": _camera,
        "models": _models,
        "verify": _verify,
        "smear": _smear,
    }
    return commands[args.command](args)


def main(args: Sequence[str] | None = None, prog: str = "python -m runtime") -> int:
    """Run the command line, called `prog`; a deliberate error is one line on standard error."""
    quiet_pillow()
    open_streams()
    try:
        with ending_politely():
            status = run(parse_args(args, prog))
            sys.stdout.flush()
    except HematoVisionError as error:
        print(one_line(str(error)), file=sys.stderr)
        return UNUSABLE
    except Terminated:
        return TERMINATED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has gone
        drop_output()
        return ANSWERED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("standard output is on a full disk: make room or choose another", file=sys.stderr)
        drop_output()
        return UNUSABLE
    return status


def _classify(args: argparse.Namespace) -> int:
    engine = Engine.load(args.model, args.variant, args.threads)
    if args.explain:
        prepare_folder(args.explain, args.paths)
    if args.csv:
        with open_table(args.csv, [c.id for c in engine.bundle.classes]) as write:
            return _answer(args, engine, write)
    return _answer(args, engine, None)


def _answer(
    args: argparse.Namespace, engine: Engine, write: Callable[[Answer], None] | None
) -> int:
    pictures = list(walk(args.paths))
    answers = tqdm(
        _explained(engine, pictures, args.explain)
        if args.explain
        else engine.classify_each(pictures),
        "classify",
        len(pictures),
        unit="pic",
        disable=None,
    )
    if args.json:
        whole = document(engine.model, answers)
        print(json.dumps(to_json(whole), indent=1))
    else:
        width = max(len(one_line(name)) for name, _ in pictures)
        show = write or partial(_print_cell, engine.bundle, args.explain, width)
        whole = document(engine.model, _shown(answers, show))
        print("", *summary_lines(engine.model, whole.summary), sep="\n")
    return SOME_REFUSED if whole.summary.refused else ANSWERED


def _explained(
    engine: Engine, pictures: Iterable[tuple[str, Source]], folder: Path
) -> Iterator[Answer]:
    """Answer pictures, and write the figure of each before the next is drawn."""
    titles = {c.id: c.title for c in engine.bundle.classes}
    for found in engine.explain_each(pictures):
        if isinstance(found, Refusal):
            yield found
        else:
            write_figure(folder, found, titles[found.answer.label])
            yield found.answer


def _shown(answers: Iterable[Answer], show: Callable[[Answer], None]) -> Iterator[Answer]:
    """Show answers as they come; refusals are told on standard error as well."""
    for answer in answers:
        if isinstance(answer, Refusal):
            tqdm.write(one_line(answer.error.message), file=sys.stderr)
        show(answer)
        yield answer


def _print_cell(bundle: Bundle, figures: Path | None, width: int, answer: Answer) -> None:
    if isinstance(answer, Classification):
        tqdm.write(cell_line(answer, width), file=sys.stdout)
        if figures:
            for line in explained_lines(answer, bundle, figures / figure_name(answer.source)):
                tqdm.write(line, file=sys.stdout)


def _analyze(args: argparse.Namespace) -> int:
    analyzer = Analyzer.load(
        args.detector, args.model, args.threads, args.um_per_px, args.min_score
    )
    for folder in (args.overlay, args.crops):
        if folder:
            prepare_folder(folder, args.paths)
    with open_cell_table(args.csv) if args.csv else nullcontext() as write:
        pictures = list(walk(args.paths))
        answers = tqdm(
            analyzer.analyze_each(pictures), "analyze", len(pictures), unit="pic", disable=None
        )
        width = 0 if args.json else max(len(one_line(name)) for name, _ in pictures)
        whole = field_document(
            analyzer.models,
            _kept(args, analyzer, zip(pictures, answers, strict=True), write, width),
            [c.id for c in analyzer.engine.bundle.classes],
            args.target,
        )
    if args.json:
        print(json.dumps(to_json(whole), indent=1))
    else:
        print("", *field_summary_lines(whole), sep="\n")
    return SOME_REFUSED if whole.summary.refused else ANSWERED


def _kept(
    args: argparse.Namespace,
    analyzer: Analyzer,
    answers: Iterable[tuple[tuple[str, Source], FieldAnswer]],
    write: Callable[[FieldAnswer], None] | None,
    width: int,
) -> Iterator[FieldAnswer]:
    """Write and show answers as they come, and pass them on."""
    for (name, source), answer in answers:
        if write:
            write(answer)
        if isinstance(answer, Refusal):
            if not args.json:
                tqdm.write(one_line(answer.error.message), file=sys.stderr)
        else:
            if args.overlay or args.crops:
                _draw(args, analyzer, name, source, answer)
            if not args.json:
                for line in field_lines(answer, width):
                    tqdm.write(line, file=sys.stdout)
        yield answer


def _draw(
    args: argparse.Namespace, analyzer: Analyzer, name: str, source: Source, answer: FieldAnalysis
) -> None:
    """Write the overlay and the crops of a field, or say that its picture is gone by now."""
    try:
        # Decoded once more: who waited for a scale has not kept its picture.
        with within_memory(name):
            picture = decode(source, name)
    except ImageError as error:
        tqdm.write(f"without overlay and crops: {one_line(str(error))}", file=sys.stderr)
        return
    if args.overlay:
        write_overlay(args.overlay, picture, answer, analyzer.engine.bundle.classes)
    if args.crops:
        write_crops(args.crops, picture, answer)


def _archive(args: argparse.Namespace) -> int:
    # Imported here: an extra, which the other commands do without.
    try:
        from runtime.archive_cli import run_archive
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("dask", "distributed", "pyarrow"):
            raise
        raise HematoVisionError(
            "dependency_missing",
            f"an archive needs Dask and pyarrow, and {error.name} is missing: run 'make archive' "
            f"in a checkout, or '{Path(sys.executable).name} -m pip install distributed pyarrow'; "
            "an installed HematoVision comes without",
        ) from error
    with tqdm(desc="archive", unit="pic", disable=None) as bar:
        return run_archive(args, bar.update, partial(tqdm.write, file=sys.stderr))


def _camera(args: argparse.Namespace) -> int:
    # Imported here: cameras need HTTP and more, which the other commands should not wait for.
    from runtime.camera_cli import run_camera

    return run_camera(args)


def _models(_: argparse.Namespace) -> int:
    bundles = list_bundles()
    if not bundles:
        raise BundleError("bundle_missing", f"{MODELS} holds no bundle: train or copy one there")
    for bundle in bundles:
        if isinstance(bundle, BundleError):
            print(one_line(str(bundle)), file=sys.stderr)
            continue
        sizes = ", ".join(f"{v.name} {v.bytes / 1e6:.2f} MB" for v in bundle.variants.values())
        mark = "default" if bundle.is_default else ""
        print(f"{bundle.name:16} {bundle.version:8} {bundle.task:9} {mark:8} {sizes}")
    return UNUSABLE if any(isinstance(b, BundleError) for b in bundles) else ANSWERED


def _verify(args: argparse.Namespace) -> int:
    bundles = [read_bundle(path) for path in args.bundles] or list_bundles()
    if not bundles:
        raise BundleError("bundle_missing", f"{MODELS} holds no bundle: train or copy one there")
    status = ANSWERED
    for bundle in bundles:
        try:
            if isinstance(bundle, BundleError):
                raise bundle
            for check in verify_all(bundle):
                print(
                    f"{bundle.name} {bundle.version} {check.variant}: hash, graph and golden "
                    f"picture right (difference {check.difference:.4f}, at most "
                    f"{check.tolerance:g})"
                )
        except HematoVisionError as error:
            print(one_line(str(error)), file=sys.stderr)
            status = UNUSABLE
    return status


def _smear(args: argparse.Namespace) -> int:
    smears = write_smears(
        args.out, args.count, args.seed, args.size, args.um_per_px, blank=args.blank
    )
    kinds: Counter[str] = Counter()
    try:
        for smear in tqdm(smears, "smear", args.count, unit="field", disable=None):
            kinds.update(cell.kind for cell in smear.cells)
    except ValueError as error:
        raise HematoVisionError("smear", str(error)) from error
    cells = ", ".join(f"{kinds[kind]} {kind}" for kind in ("wbc", "rbc", "platelet"))
    print(f"{args.out}: {args.count} fields drawn; {cells}")
    return ANSWERED
