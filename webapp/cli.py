"""The command `hematovision serve`: settings from flags and environment, then serve."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp import __version__, logs
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.data import DataError, default_data, held
from webapp.laboratory.tokens import secret_of
from webapp.live.camera import camera_of
from webapp.maintenance.undo import undo_if_asked
from webapp.packaging.installer.place import running_version
from webapp.server import Server, listen, loopback_address
from webapp.service import service_of
from webapp.settings import Settings
from webapp.watchdog import watched


def parse_args(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> Settings:
    """Read settings from flags; the environment gives their defaults."""
    parser = argparse.ArgumentParser(
        prog="hematovision serve", description="Serve HematoVision's pages on this computer."
    )
    parser.add_argument(
        "--host",
        default=environment.get("HEMATOVISION_HOST", Settings.host),
        help="address to listen on, of this computer alone (HEMATOVISION_HOST; %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=environment.get("HEMATOVISION_PORT", str(Settings.port)),
        help="port to listen on, 0 takes a free one (HEMATOVISION_PORT; %(default)s)",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="bundle that names cells (HEMATOVISION_MODEL; the default bundle under models/)",
    )
    parser.add_argument(
        "--detector",
        type=Path,
        metavar="DIR",
        help="bundle that finds cells in fields (HEMATOVISION_DETECTOR; the default one)",
    )
    parser.add_argument(
        "--camera-folder",
        type=Path,
        metavar="DIR",
        default=environment.get("HEMATOVISION_CAMERA_FOLDER"),
        help="videos and pictures that pages may open (HEMATOVISION_CAMERA_FOLDER; none)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=environment.get("HEMATOVISION_DATA") or default_data(environment),
        metavar="DIR",
        help="folder of what the app keeps (HEMATOVISION_DATA; %(default)s)",
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        default=environment.get("HEMATOVISION_DATABASE") or None,
        help="a PostgreSQL database in place of a file in --data, such as "
        "postgresql://user@host/name (HEMATOVISION_DATABASE)",
    )
    parser.add_argument(
        "--push",
        metavar="URL",
        default=environment.get("HEMATOVISION_PUSH") or None,
        help="a laboratory's server that signed records are sent to, as https://host "
        "(HEMATOVISION_PUSH); its token stands in HEMATOVISION_PUSH_TOKEN",
    )
    given = parser.parse_args(arguments)
    return Settings(
        host=given.host,
        port=given.port,
        model=given.model,
        detector=given.detector,
        camera_folder=given.camera_folder,
        data=given.data.expanduser().absolute(),
        database=given.database,
        push_to=given.push,
        push_token=secret_of(environment, "HEMATOVISION_PUSH_TOKEN"),
        receive_token=secret_of(environment, "HEMATOVISION_RECEIVE_TOKEN") or None,
    )


def run(settings: Settings) -> int:
    """Serve until the process is told to stop.

    Returns:
        The exit status: 0 after SIGTERM, 130 after Ctrl-C.

    Raises:
        HematoVisionError: the address cannot be listened on, or the bundle that the command names
            is not there, or another server works in the folder of its data, or an update of it
            cannot be undone.
    """
    address = loopback_address(settings.host)
    with listen(address, settings.port) as listening, ExitStack() as stack:
        unkept = None
        try:
            stack.enter_context(held(settings.data))
        except DataError as error:
            if error.code == "data_in_use":
                raise
            unkept = error  # the pages come up all the same, and say so
        else:
            aside = undo_if_asked(settings.data, running_version())
            if aside:
                print(f"The data are those of before the update; newer ones lie in {aside}")
        app = create_app(settings, unkept=unkept)
        service = service_of(app)
        if settings.model and service.problem and service.problem.code == "bundle_missing":
            raise service.problem
        logs.start()
        with (
            bench_of(app) as bench,
            closing(camera_of(app)),
            Server(app, listening, settings) as server,
            watched(server.url),
        ):
            print(f"HematoVision {__version__} with {service.described}")
            print(f"Open {server.url} in a browser; Ctrl-C stops.")
            kept = (
                f"Nothing is kept: {bench.problem}"
                if bench.problem
                else f"What it keeps lies in {bench.place}"
            )
            print(kept, flush=True)
            return server.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a deliberate error is one line and exit status 2."""
    open_streams()
    try:
        return run(parse_args(arguments, os.environ))
    except HematoVisionError as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)
