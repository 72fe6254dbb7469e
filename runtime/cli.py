"""The commands of the device: classify, models, verify, smear."""

import argparse
import errno
import json
import logging
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from runtime.answers import Answer, Classification, Refusal, document, to_json
from runtime.bundle import MODELS, Bundle, list_bundles, read_bundle
from runtime.engine import Engine
from runtime.errors import BundleError, HematoVisionError
from runtime.figure import figure_name, prepare_folder, write_figure
from runtime.images import Source
from runtime.inputs import walk
from runtime.lines import one_line
from runtime.smear_files import write_smears
from runtime.streams import drop_output, open_streams
from runtime.table import open_table
from runtime.text import cell_line, explained_lines, summary_lines
from runtime.verify import verify_all

ANSWERED, SOME_REFUSED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
THREAD_LIMIT = 64  # many more than there are cores can stall the machine for minutes


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; `HEMATOVISION_*` variables set defaults, flags win."""
    parser = argparse.ArgumentParser(
        prog="python -m runtime",
        description="Name stained blood cells, offline. For Research Use Only.",
        epilog="Exit status: 0 all answered, 1 some refused, 2 unusable command or bundle.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    classify = commands.add_parser("classify", help="name the cell in each picture")
    classify.add_argument("paths", nargs="+", metavar="PATH", help="file, folder, or - for stdin")
    classify.add_argument("--model", type=Path, metavar="DIR", help="bundle (HEMATOVISION_MODEL)")
    classify.add_argument("--variant", default=_environment("VARIANT"))
    classify.add_argument(
        "--threads",
        type=_threads,
        default=_environment("THREADS"),
        metavar="N",
        help="threads of one inference (physical cores, at most 4)",
    )
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON document")
    output.add_argument("--csv", type=Path, metavar="FILE", help="write a table")
    classify.add_argument(
        "--explain",
        type=Path,
        metavar="DIR",
        help="write each picture's heat map there; tell attributes and prediction sets",
    )
    classify.set_defaults(run=_classify)

    models = commands.add_parser("models", help="list the bundles under models/")
    models.set_defaults(run=_models)

    verify = commands.add_parser("verify", help="check hashes and answers of bundles")
    verify.add_argument("bundles", nargs="*", type=Path, metavar="BUNDLE")
    verify.set_defaults(run=_verify)

    smear = commands.add_parser("smear", help="draw fields with known cells, to try things on")
    smear.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder")
    smear.add_argument("--count", type=_whole, default=10, metavar="N", help="fields (10)")
    smear.add_argument("--seed", type=_whole, default=0, metavar="S", help="of the first (0)")
    smear.add_argument("--size", type=_size, default=(640, 480), metavar="WxH", help="pixels")
    smear.add_argument("--um-per-px", type=float, default=0.1, metavar="X", help="scale (0.1)")
    smear.add_argument("--blank", action="store_true", help="glass and dirt without cells")
    smear.set_defaults(run=_smear)
    return parser.parse_args(args)


def run(args: argparse.Namespace) -> int:
    """Run a parsed command and return its exit status.

    Raises:
        HematoVisionError: the command or the bundle is unusable.
    """
    status: int = args.run(args)
    return status


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; a deliberate error becomes one line on standard error."""
    # Pillow warns of odd metadata in pictures that it reads well, and logs what it then raises.
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    open_streams()
    try:
        status = run(parse_args(args))
        sys.stdout.flush()
    except HematoVisionError as error:
        print(one_line(str(error)), file=sys.stderr)
        return UNUSABLE
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


def _environment(name: str) -> str | None:
    return os.environ.get(f"HEMATOVISION_{name}") or None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 999999999")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not cross:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 640x480")
    return _whole(width), _whole(height)


def _threads(text: str) -> int:
    if text not in map(str, range(1, THREAD_LIMIT + 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {THREAD_LIMIT}")
    return int(text)
