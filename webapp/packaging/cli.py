"""The command `python -m webapp.packaging`: make archives that install without a network."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp.packaging.archive import make_archive
from webapp.packaging.measure import measure
from webapp.packaging.platforms import PLATFORMS, PYTHONS


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m webapp.packaging",
        description="Make what a device is set up from. Needs the package index.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wheelhouse = commands.add_parser(
        "wheelhouse", help="one archive with app, models, wheels and installer"
    )
    wheelhouse.add_argument("platform", choices=PLATFORMS, help="the kind of device")
    wheelhouse.add_argument(
        "--out", type=Path, default=Path("dist"), metavar="DIR", help="where to (%(default)s)"
    )
    wheelhouse.add_argument(
        "--python",
        dest="pythons",
        action="append",
        choices=PYTHONS,
        help=f"of the device, repeatable ({', '.join(PYTHONS)})",
    )
    wheelhouse.add_argument(
        "--camera", action="store_true", help="with OpenCV, for USB cameras and video files"
    )
    measured = commands.add_parser("measure", help="what an installed version takes")
    measured.add_argument("version", type=Path, metavar="DIR", help="such as PREFIX/current")
    return parser.parse_args(arguments)


def run(given: argparse.Namespace) -> None:
    """Run a parsed command.

    Raises:
        HematoVisionError: the archive cannot be made, or the version does not start.
    """
    if given.command == "measure":
        taken = measure(given.version)
        print(f"{taken.size_bytes / 1e6:.0f} MB of files, without Python")
        print(
            f"{taken.first_page_s:.1f} s to the first page, {taken.cpu_s:.1f} s of processor time"
        )
        return
    made = make_archive(
        PLATFORMS[given.platform], given.pythons or PYTHONS, given.out, camera=given.camera
    )
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a deliberate error is one line and exit status 2."""
    open_streams()
    try:
        run(parse_args(arguments))
    except HematoVisionError as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    return 0
