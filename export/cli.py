"""The commands of the workshop: datasets, train, convert, publish, adapt, evaluate."""

import argparse
import errno
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from export.errors import DatasetError
from runtime.answers import to_json
from runtime.bundle import MODELS, read_bundle
from runtime.errors import HematoVisionError
from runtime.lines import one_line
from runtime.streams import drop_output, open_streams

FOUND_WRONG, UNUSABLE, INTERRUPTED = 1, 2, 130
# Windows knows no quotas.
DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
CLASSES_HELP = (
    "CSV table 'data,model': names of the data's classes beside the bundle's; "
    "'-' leaves cells out; names that are alike need no line"
)

SETS_HELP = "a data set; a detector takes several"


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m export", description="Train a classifier and make a bundle of it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    datasets = commands.add_parser("datasets", help="say what a data set holds, and what is wrong")
    datasets.add_argument("path", type=Path, metavar="PATH", help="its folder or CSV file")
    datasets.add_argument("--montage", type=Path, metavar="FILE.png", help="draw examples")
    datasets.add_argument(
        "--recipe", type=Path, metavar="FILE.toml", help="write a recipe for its classes"
    )
    datasets.add_argument("--seed", type=_seed, default=0, help="of the split, if it has none (0)")
    datasets.add_argument("--json", action="store_true")
    datasets.set_defaults(run_command=_datasets)

    train = commands.add_parser("train", help="fine-tune a network on labelled cells")
    train.add_argument("recipe", type=Path, help="TOML file, as in export/recipes/")
    train.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="PATH", help=SETS_HELP
    )
    train.add_argument(
        "--weights",
        default="imagenet",
        metavar="FILE",
        help="Keras weights file without the top; 'imagenet' fetches it (imagenet)",
    )
    train.add_argument("--start", type=Path, metavar="RUN", help="go on from a finished run")
    train.add_argument(
        "--blend", type=Path, metavar="RUN", help="average the weights of --start with this run's"
    )
    train.add_argument(
        "--untyped",
        type=Path,
        nargs="+",
        default=(),
        metavar="PATH",
        help="boxed white cells without a class, to be named by --teacher",
    )
    train.add_argument("--teacher", type=Path, metavar="RUN", help="a finished run")
    train.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="results (~/hematovision-runs/NAME); outside the "
        "checkout, because a broken-off training goes on from what is there",
    )
    train.add_argument("--fresh", action="store_true", help="discard what is in --run")
    train.set_defaults(run_command=_train)

    convert = commands.add_parser("convert", help="turn a trained run into ONNX, fp32 and int8")
    convert.add_argument("run", type=Path, metavar="RUN")
    convert.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="PATH", help=SETS_HELP
    )
    convert.add_argument(
        "--recipe",
        type=Path,
        metavar="FILE",
        help="with another [export] or [trust] table than the run's",
    )
    convert.add_argument(
        "--strange",
        type=Path,
        nargs="+",
        default=(),
        metavar="PATH",
        help="pictures that are no cells, to tell better what is unfamiliar",
    )
    convert.set_defaults(run_command=_convert)

    publish = commands.add_parser("publish", help="measure a converted run and make a bundle")
    publish.add_argument("run", type=Path, metavar="RUN")
    publish.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="PATH", help=SETS_HELP
    )
    publish.add_argument(
        "--also",
        type=Path,
        nargs="*",
        default=[],
        metavar="PATH",
        help="other labelled cells to report the figures of",
    )
    publish.add_argument(
        "--strange",
        type=Path,
        nargs="*",
        default=[],
        metavar="PATH",
        help="pictures that are no cells, to report how many are called unfamiliar",
    )
    publish.add_argument("--classes", type=Path, metavar="FILE", help=f"of --also: {CLASSES_HELP}")
    publish.add_argument("--models", type=Path, default=MODELS, metavar="DIR")
    publish.add_argument("--default", action="store_true", help="answers when none is named")
    publish.set_defaults(run_command=_publish)

    adapt = commands.add_parser("adapt", help="refit a bundle to a few cells of a microscope")
    adapt.add_argument("bundle", type=Path, metavar="BUNDLE")
    adapt.add_argument("--data", type=Path, required=True, metavar="PATH", help="labelled cells")
    adapt.add_argument("--name", required=True, metavar="SITE", help="of the new bundle")
    adapt.add_argument("--classes", type=Path, metavar="FILE", help=CLASSES_HELP)
    adapt.add_argument("--models", type=Path, default=MODELS, metavar="DIR")
    adapt.add_argument("--default", action="store_true", help="answers when none is named")
    adapt.set_defaults(run_command=_adapt)

    evaluate = commands.add_parser("evaluate", help="measure a bundle on labelled pictures")
    evaluate.add_argument("bundle", type=Path, metavar="BUNDLE")
    evaluate.add_argument("data", type=Path, metavar="DATA")
    evaluate.add_argument(
        "--split",
        help="train, val, test, another of the set's own, or all (test where there is, else all)",
    )
    evaluate.add_argument("--variant", help="int8 or fp32; both without it")
    kind = evaluate.add_mutually_exclusive_group()
    kind.add_argument("--classes", type=Path, metavar="FILE", help=CLASSES_HELP)
    kind.add_argument(
        "--strange",
        action="store_true",
        help="DATA holds no cells, whatever its classes are: count what is called unfamiliar",
    )
    evaluate.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write report.json, report.md and pictures: confusion, reliability, risk and "
        "coverage, unfamiliarity, worst errors",
    )
    evaluate.add_argument("--json", action="store_true", help="print the document instead")
    evaluate.set_defaults(run_command=_evaluate)
    return parser.parse_args(args)


def run(args: argparse.Namespace) -> int:
    """Run a parsed command and return its exit status.

    Raises:
        HematoVisionError: the recipe, the data, the run or the bundle is unusable.
    """
    return args.run_command(args) or 0


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; a deliberate error becomes one line on standard error."""
    warnings.filterwarnings("ignore", module="PIL")
    # TensorFlow and absl tell of every instruction set that they were not built for.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    open_streams()
    try:
        status = run(parse_args(args))
        sys.stdout.flush()
    except HematoVisionError as error:
        print(one_line(str(error)), file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # the reader, such as `head`, has gone
        drop_output()
        return 0
    except OSError as error:
        full = error.errno in DISK_FULL
        if not full and error.filename is None:
            raise
        fact = "the disk is full" if full else f"{error.filename} cannot be used"
        step = "free some" if full else "check the path and its permissions"
        line = f"{fact} ({error.strerror}): {step} and run the command again"
        print(one_line(line), file=sys.stderr)
        return UNUSABLE
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "export", "runtime"):
            raise
        print(
            f"the package {missing} is missing, which this command needs: run "
            "'make workshop', or 'pip install -r requirements/export.txt'",
            file=sys.stderr,
        )
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return int(text)


# Each command imports its stage itself: TensorFlow takes seconds, and not every command needs it.


def _datasets(args: argparse.Namespace) -> int:
    from export.data.inventory import take_inventory, text
    from export.data.montage import check_montage, save_montage
    from export.data.readers import read_set
    from export.data.starter import refuse_existing, save_recipe

    if args.recipe:
        refuse_existing(args.recipe)
    found = read_set(args.path)
    if args.montage:
        check_montage(args.montage, found)
    inventory, seen = take_inventory(found, args.seed)
    print(json.dumps(to_json(inventory), indent=1) if args.json else text(inventory))
    if args.montage:
        save_montage(found, seen, args.montage, args.seed)
    if args.recipe:
        for note in save_recipe(found, inventory.cells, args.recipe):
            print(note, file=sys.stderr)
    if not args.json:
        for written in filter(None, (args.montage, args.recipe)):
            print(one_line(f"wrote {written}"))
        if not args.montage:
            print("  --montage FILE.png draws examples, --recipe FILE.toml begins a recipe")
    return 0 if inventory.is_sound else FOUND_WRONG


def _train(args: argparse.Namespace) -> None:
    from export.recipe import load_recipe, task_of

    if task_of(args.recipe) == "detect":
        from export.detector.cli import train as train_detector

        train_detector(args)
        return
    recipe = load_recipe(args.recipe)  # what is wrong in it should not wait for TensorFlow
    data = _one_set(args)

    from export.train import train

    place = args.run or Path.home() / "hematovision-runs" / recipe.name
    saved = train(
        args.recipe,
        data,
        place,
        args.weights,
        args.start,
        args.blend,
        teacher=args.teacher,
        untyped=args.untyped,
        fresh=args.fresh,
    )
    print(f"saved {saved}")


def _one_set(args: argparse.Namespace) -> Path:
    """Return the one data set that a classifier learns from.

    Raises:
        DatasetError: there are more.
    """
    first, *others = args.data
    if others:
        raise DatasetError(
            "dataset",
            f"a classifier takes one data set, --data names {len(args.data)}: join their tables, "
            "or name one",
        )
    return Path(first)


def _is_detector(run_folder: Path) -> bool:
    from export.recipe import task_of
    from export.run import RECIPE_FILE

    return task_of(run_folder / RECIPE_FILE) == "detect"


def _convert(args: argparse.Namespace) -> None:
    if _is_detector(args.run):
        from export.detector.cli import convert as convert_detector

        convert_detector(args)
        return
    from export.convert import convert

    for file in convert(args.run, _one_set(args), args.recipe, args.strange):
        print(f"wrote {file} ({file.stat().st_size / 1e6:.2f} MB)")


def _publish(args: argparse.Namespace) -> None:
    if _is_detector(args.run):
        from export.detector.cli import publish as publish_detector

        publish_detector(args)
        return
    from export.evaluation.class_names import read_class_names
    from export.publish import publish

    names = read_class_names(args.classes) if args.classes else {}
    place = publish(
        args.run,
        _one_set(args),
        args.also,
        args.models,
        names,
        default=args.default,
        strange=args.strange,
    )
    print(f"published {place}")


def _adapt(args: argparse.Namespace) -> int:
    from export.adapt import adapt
    from export.adapt_report import text
    from export.evaluation.class_names import read_class_names

    table = read_class_names(args.classes) if args.classes else {}
    found = adapt(args.bundle, args.data, args.name, args.models, table, default=args.default)
    print(text(found))
    return 0 if found.place else FOUND_WRONG


def _evaluate(args: argparse.Namespace) -> int:
    if read_bundle(args.bundle).task == "detect":
        from export.detector.cli import evaluate as evaluate_detector

        return FOUND_WRONG if evaluate_detector(args) else 0
    from export.evaluation.class_names import read_class_names
    from export.evaluation.report import as_json, evaluate_folder, text, write_report
    from export.evaluation.report_folder import check_place

    table = read_class_names(args.classes) if args.classes else {}
    if args.out:
        check_place(args.out, args.bundle, args.data)
    if args.strange:
        return _evaluate_strange(args)
    found = evaluate_folder(args.bundle, args.data, args.split, table, args.variant)
    if args.out:
        write_report(found, args.out)
        print(f"wrote {args.out}", file=sys.stderr)
    print(as_json(found) if args.json else text(found))
    return FOUND_WRONG if found.measured.refusals else 0


def _evaluate_strange(args: argparse.Namespace) -> int:
    from export.evaluation.strange_report import as_json, evaluate_strange, text, write_report

    found = evaluate_strange(args.bundle, args.data, args.split, args.variant)
    if args.out:
        write_report(found, args.out)
        print(f"wrote {args.out}", file=sys.stderr)
    print(as_json(found) if args.json else text(found))
    return FOUND_WRONG if found.measured.refusals else 0
