"""What a command line may say: commands, their flags, and what these hold."""

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path

from runtime.differential import TARGETS

WORKER_LIMIT = 256  # processes of 100 MB each and more, before one has answered
THREAD_LIMIT = 64  # many more than there are cores can stall the machine for minutes
SCALES = 0.005, 5.0  # micrometers per pixel: finer than any objective, coarser than cells are seen


def parse_args(
    args: Sequence[str] | None = None, prog: str = "python -m runtime"
) -> argparse.Namespace:
    """Read the command line; `HEMATOVISION_*` variables set defaults, flags win.

    Args:
        args: None takes those of the process.
        prog: what the command is called where it tells how it is used.
    """
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Name stained blood cells, offline. For Research Use Only.",
        epilog="Exit status: 0 all answered, 1 some refused, 2 unusable command or bundle.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    classify = commands.add_parser("classify", help="name the cell in each picture")
    classify.add_argument("paths", nargs="+", metavar="PATH", help="file, folder, or - for stdin")
    classify.add_argument("--model", type=Path, metavar="DIR", help="bundle (HEMATOVISION_MODEL)")
    classify.add_argument("--variant", default=_environment("VARIANT"))
    _add_threads(classify)
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON document")
    output.add_argument("--csv", type=Path, metavar="FILE", help="write a table")
    classify.add_argument(
        "--explain",
        type=Path,
        metavar="DIR",
        help="write each picture's heat map there; tell attributes and prediction sets",
    )

    analyze = commands.add_parser("analyze", help="find, measure and name the cells of fields")
    analyze.add_argument("paths", nargs="+", metavar="PATH", help="file, folder, or - for stdin")
    _add_analyzer(analyze)
    analyze.add_argument(
        "--min-score",
        type=_share,
        metavar="S",
        help="tell, but not count, every cell above this score too, to measure a detector by",
    )
    analyze.add_argument(
        "--target", type=int, choices=TARGETS, default=TARGETS[0], help="white cells to count (100)"
    )
    analyze.add_argument("--json", action="store_true", help="print one JSON document")
    analyze.add_argument("--csv", type=Path, metavar="FILE", help="write a table of all cells")
    analyze.add_argument(
        "--overlay", type=Path, metavar="DIR", help="write each picture there, cells in boxes"
    )
    analyze.add_argument(
        "--crops", type=Path, metavar="DIR", help="write white cells there, a folder a class"
    )

    archive = commands.add_parser(
        "archive",
        help="name the cells of any number of pictures, on many workers, as Parquet",
        description="Name the cell in each of any number of pictures, by Dask, a row a picture. "
        "Broken off, it goes on where it was when the same command is run again.",
    )
    archive.add_argument(
        "source", metavar="SOURCE", help="folder, file with a path a line, or - for such lines"
    )
    archive.add_argument("--out", type=Path, required=True, metavar="DIR", help="the archive")
    archive.add_argument("--model", type=Path, metavar="DIR", help="bundle (HEMATOVISION_MODEL)")
    archive.add_argument("--variant", default=_environment("VARIANT"))
    where = archive.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_workers, metavar="N", help="processes (physical cores)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler that runs already")
    archive.add_argument(
        "--batch", type=_count, default=64, metavar="N", help="pictures a task (64)"
    )
    archive.add_argument("--retry", action="store_true", help="try refused pictures again")

    camera = commands.add_parser("camera", help="look through a camera, and count what it shows")
    what = camera.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="list the cameras at this machine")
    what.add_argument(
        "--source",
        metavar="S",
        help="a camera's number or device, rpicam[:N], http://... (Motion JPEG), video or folder",
    )
    camera.add_argument("--analyze", action="store_true", help="find, name and count the cells")
    _add_analyzer(camera)
    camera.add_argument("--frames", type=_whole, metavar="N", help="stop after so many frames")
    camera.add_argument("--seconds", type=_positive, metavar="N", help="stop after so long")
    camera.add_argument(
        "--target", type=int, choices=TARGETS, help="analyze until so many white cells are counted"
    )
    camera.add_argument("--size", type=_size, metavar="WxH", help="ask the camera for this size")
    camera.add_argument(
        "--lock", action="store_true", help="fix exposure and white balance once they have settled"
    )
    white = camera.add_mutually_exclusive_group()
    white.add_argument(
        "--take-white", type=Path, metavar="FILE", help="keep a blank field as white reference"
    )
    white.add_argument("--white", type=Path, metavar="FILE", help="correct the light by that")

    commands.add_parser("models", help="list the bundles under models/")

    verify = commands.add_parser("verify", help="check hashes and answers of bundles")
    verify.add_argument("bundles", nargs="*", type=Path, metavar="BUNDLE")

    smear = commands.add_parser("smear", help="draw fields with known cells, to try things on")
    smear.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder")
    smear.add_argument("--count", type=_whole, default=10, metavar="N", help="fields (10)")
    smear.add_argument("--seed", type=_whole, default=0, metavar="S", help="of the first (0)")
    smear.add_argument("--size", type=_size, default=(640, 480), metavar="WxH", help="pixels")
    smear.add_argument("--um-per-px", type=float, default=0.1, metavar="X", help="scale (0.1)")
    smear.add_argument("--blank", action="store_true", help="glass and dirt without cells")
    return parser.parse_args(args)


def _add_analyzer(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--detector", type=Path, metavar="DIR", help="bundle that finds (HEMATOVISION_DETECTOR)"
    )
    command.add_argument(
        "--model", type=Path, metavar="DIR", help="bundle that names (HEMATOVISION_MODEL)"
    )
    _add_threads(command)
    command.add_argument(
        "--um-per-px", type=_scale, metavar="X", help="scale (measured by the red cells)"
    )


def _add_threads(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--threads",
        type=_threads,
        default=_environment("THREADS"),
        metavar="N",
        help="threads of one inference (physical cores, at most 4)",
    )


def _environment(name: str) -> str | None:
    return os.environ.get(f"HEMATOVISION_{name}") or None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 999999999")
    return int(text)


def _count(text: str) -> int:
    if not (number := _whole(text)):
        raise argparse.ArgumentTypeError("0 is too few")
    return number


def _workers(text: str) -> int:
    if (number := _count(text)) > WORKER_LIMIT:
        raise argparse.ArgumentTypeError(
            f"{text} are too many, the limit is {WORKER_LIMIT}: start more with 'dask worker', and "
            "name their --scheduler"
        )
    return number


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not cross:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 640x480")
    return _whole(width), _whole(height)


def _threads(text: str) -> int:
    if text not in map(str, range(1, THREAD_LIMIT + 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {THREAD_LIMIT}")
    return int(text)


def _positive(text: str) -> float:
    if not 0 < (number := _number(text)) < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _scale(text: str) -> float:
    finest, coarsest = SCALES
    if not finest <= (number := _number(text)) <= coarsest:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a scale: give {finest:g} to {coarsest:g} micrometers per pixel"
        )
    return number


def _share(text: str) -> float:
    if not 0 <= (number := _number(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
