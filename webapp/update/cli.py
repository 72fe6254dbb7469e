"""The commands `update` and `rollback`: words of `hematovision`."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp.data import add_data
from webapp.packaging.installer.manifest import InstallError
from webapp.update.device import SERVICE_DATA, Device, installed_device, usual_prefix
from webapp.update.errors import UpdateError
from webapp.update.update import roll_back, update


def parse_args(
    arguments: Sequence[str], environment: Mapping[str, str], prog: str
) -> argparse.Namespace:
    """Read the command line of `prog`."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--prefix",
        type=Path,
        default=usual_prefix(),
        metavar="DIR",
        help="where it is installed (%(default)s)",
    )
    add_data(shared, environment, f"of the service {SERVICE_DATA}")
    shared.add_argument(
        "--host", help="that its server listens on (as HEMATOVISION_HOST says, or 127.0.0.1)"
    )
    shared.add_argument(
        "--port", type=int, help="that its server answers at (as HEMATOVISION_PORT says, or 5000)"
    )
    shared.add_argument(
        "--restart",
        type=_words,
        default=[],
        metavar="COMMAND",
        help="starts the server anew (of the service, systemd does)",
    )
    parser = argparse.ArgumentParser(prog=prog, description="Change the version that runs.")
    commands = parser.add_subparsers(required=True, metavar="update|rollback")
    updated = commands.add_parser(
        "update", parents=[shared], help="install a newer version or model, proved before it runs"
    )
    updated.add_argument("file", type=Path, metavar="FILE", help="a signed archive")
    updated.set_defaults(run=_update)
    rolled = commands.add_parser(
        "rollback", parents=[shared], help="let the version run that ran before"
    )
    rolled.add_argument(
        "--undo-data",
        action="store_true",
        help="also go back to the data of before the update; what was kept since lies aside then",
    )
    rolled.set_defaults(run=_roll_back)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str], prog: str) -> int:
    """Run a command, called `prog`; a deliberate error is one line.

    Returns:
        The exit status: 0 where it is done, 2 where it is not, 130 after Ctrl-C.
    """
    os.umask(0o022)  # who runs the app is not always who updates it
    open_streams()
    given = parse_args(arguments, os.environ, prog)
    try:
        status: int = given.run(given, _device(given))
    except (HematoVisionError, InstallError) as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        what = error.filename2 or error.filename or given.prefix
        print(f"hematovision: {what} cannot be written ({error.strerror})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("hematovision: broken off", file=sys.stderr)
        return 130
    return status


def _device(given: argparse.Namespace) -> Device:
    if given.prefix is None:
        raise UpdateError(
            "not_installed",
            "this HematoVision was not installed by its installer: use the one that was, or name "
            "its place with --prefix",
        )
    return installed_device(
        given.prefix.expanduser().absolute(),
        os.environ,
        data=given.data,
        host=given.host,
        port=given.port,
        restart=given.restart,
    )


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no command: {error}") from error


def _tell(line: str) -> None:
    print(line, flush=True)


def _update(given: argparse.Namespace, device: Device) -> int:
    name = update(device, given.file, _tell)
    print(f"HematoVision {name} is in its place")
    return 0


def _roll_back(given: argparse.Namespace, device: Device) -> int:
    name = roll_back(device, _tell, undo=given.undo_data)
    print(f"HematoVision {name} is in its place again")
    return 0
