"""The word `serve`: settings from flags and environment, then serve."""

import argparse
import ipaddress
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp import __version__, logs
from webapp.addresses import address_of, is_local, is_open
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.data import DataError, add_data, add_database, held
from webapp.first_administrator import FirstAdministrator
from webapp.gate import require_administrator
from webapp.laboratory.server import TOKEN
from webapp.live.camera import camera_of
from webapp.maintenance.restore import accounts_of_then
from webapp.maintenance.undo import undo_if_asked
from webapp.packaging.installer.place import running_version
from webapp.security import EVERYWHERE, host_name
from webapp.server import Server, listen
from webapp.service import service_of
from webapp.settings import Settings
from webapp.store.words import person_name
from webapp.watchdog import watched

IN_CLEAR = (
    "Who listens in the network can read all of it, passwords too: put a proxy with TLS before it, "
    "see docs/security.md"
)


def parse_args(
    arguments: Sequence[str] | None, environment: Mapping[str, str], prog: str | None = None
) -> Settings:
    """Read settings from flags; the environment gives their defaults."""
    parser = argparse.ArgumentParser(prog=prog, description="Serve HematoVision's pages.")
    parser.add_argument(
        "--host",
        default=environment.get("HEMATOVISION_HOST", Settings.host),
        help="address to listen on; one that others can reach needs accounts "
        "(HEMATOVISION_HOST; %(default)s)",
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
        default=environment.get("HEMATOVISION_CAMERA_FOLDER") or None,
        help="videos and pictures that pages may open (HEMATOVISION_CAMERA_FOLDER; none)",
    )
    add_data(parser, environment)
    add_database(parser, environment)
    parser.add_argument(
        "--push",
        metavar="URL",
        default=environment.get("HEMATOVISION_PUSH") or None,
        help="a laboratory's server that signed records are sent to, as https://host "
        "(HEMATOVISION_PUSH); this device's API token there stands in HEMATOVISION_PUSH_TOKEN, "
        "or in the file that HEMATOVISION_PUSH_TOKEN_FILE names",
    )
    parser.add_argument(
        "--push-name",
        type=_device_name,
        metavar="NAME",
        default=environment.get("HEMATOVISION_PUSH_NAME") or None,
        help="what that server calls this device (HEMATOVISION_PUSH_NAME; the computer's name)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="NAME",
        help="name that browsers may call this device by, exactly; may stand several times "
        "(HEMATOVISION_ALLOW_HOST, separated by spaces)",
    )
    parser.add_argument(
        "--proxy",
        type=_address,
        metavar="ADDRESS",
        default=environment.get("HEMATOVISION_PROXY") or None,
        help="address of the one proxy whose X-Forwarded-For and X-Forwarded-Proto are believed "
        "(HEMATOVISION_PROXY; none)",
    )
    given = parser.parse_args(arguments)
    token_file = environment.get(f"{TOKEN}_FILE")
    told = re.split(r"[\s,]+", environment.get("HEMATOVISION_ALLOW_HOST", ""))
    try:
        allow_hosts = tuple(_name(name) for name in given.allow_host or told if name)
    except argparse.ArgumentTypeError as error:
        where = "argument --allow-host" if given.allow_host else "HEMATOVISION_ALLOW_HOST"
        parser.error(f"{where}: {error}")
    return Settings(
        host=given.host,
        port=given.port,
        model=given.model,
        detector=given.detector,
        camera_folder=given.camera_folder,
        data=given.data,
        database=given.database,
        push_to=given.push,
        push_token=environment.get(TOKEN, "").strip(),
        push_token_file=Path(token_file) if token_file else None,
        push_name=given.push_name,
        administrator=FirstAdministrator.named_in(environment),
        allow_hosts=allow_hosts,
        proxy=given.proxy,
    )


def run(settings: Settings) -> int:
    """Serve until the process is told to stop.

    Returns:
        The exit status: 0 after SIGTERM, 130 after Ctrl-C.

    Raises:
        HematoVisionError: the address cannot be listened on, or is open to others while nobody
            keeps them out, or the bundle that the command names is not there, or another server
            works in the folder of its data, or an update of it cannot be undone.
    """
    address = address_of(settings.host)
    with listen(address, settings.port) as listening, ExitStack() as stack:
        unkept = made = None
        try:
            stack.enter_context(held(settings.data))
        except DataError as error:
            if error.code == "data_in_use":
                raise
            unkept = error  # the pages come up all the same, and say so
        else:
            undone = undo_if_asked(settings.data, running_version())
            if undone and undone.aside:
                print(f"The data are those of before the update; newer ones lie in {undone.aside}")
            if undone and undone.has_accounts:
                print(accounts_of_then(settings.data))
            if settings.administrator:
                made = settings.administrator.make(settings.database or settings.data)
        if is_open(settings):  # of the data that are to be served: an update is undone by now
            require_administrator(settings)
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
            if not (is_local(address) or settings.proxy):
                print(IN_CLEAR, flush=True)
            if made:
                print(made, flush=True)
            return server.run()


def main(arguments: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Run the command, called `prog`; a deliberate error is one line and exit status 2."""
    open_streams()
    try:
        return run(parse_args(arguments, os.environ, prog))
    except HematoVisionError as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _name(text: str) -> str:
    """Take the name of a host, without a port."""
    name = host_name(f"[{text}]" if text.count(":") > 1 else text)
    if name is None or name in EVERYWHERE or text.count(":") == 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name that browsers call a device by: give {_meant(text)}"
        )
    return name


def _device_name(text: str) -> str:
    try:
        return person_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a device: {error}") from error


def _meant(text: str) -> str:
    """Guess the name of a host that is meant by an address of a page, or by a name with a port."""
    host = re.sub(r"^\w+://|/.*", "", text)
    try:
        name = host_name(host.encode("idna").decode())
    except UnicodeError:
        name = None
    return "a name such as lab.example" if name is None or name in EVERYWHERE else name


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address: give it in numbers, such as 127.0.0.1"
        ) from error


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)
