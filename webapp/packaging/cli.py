"""The command `python -m webapp.packaging`: make archives that install without a network."""

import argparse
import os
import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from typing import Final

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp.packaging.archive import make_archive
from webapp.packaging.bundles import make_bundle_package
from webapp.packaging.measure import measure
from webapp.packaging.pins import PackagingError
from webapp.packaging.platforms import PLATFORMS, PYTHONS
from webapp.packaging.signing import Signer, is_hidden, make_key, read_key, shown

PASSPHRASE: Final = "HEMATOVISION_PASSPHRASE"  # noqa: S105 - the name of the variable


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
    wheelhouse.add_argument(
        "--sign",
        type=Path,
        metavar="KEY",
        help="private key of 'key': devices take it as an update",
    )
    wheelhouse.add_argument(
        "--trust",
        type=Path,
        action="append",
        metavar="PUB",
        help="public key that devices trust from then on, besides that of --sign; repeatable",
    )
    bundle = commands.add_parser("bundle", help="a signed archive of one bundle")
    bundle.add_argument("bundle", type=Path, metavar="DIR", help="such as models/pbc")
    bundle.add_argument("--sign", type=Path, required=True, metavar="KEY", help="private key")
    bundle.add_argument(
        "--out", type=Path, default=Path("dist"), metavar="DIR", help="where to (%(default)s)"
    )
    key = commands.add_parser("key", help=f"a pair of keys to sign with; {PASSPHRASE} hides it")
    key.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to")
    key.add_argument("--hide", action="store_true", help="ask for a passphrase to encrypt it with")
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
    if given.command == "key":
        private, public = make_key(given.out, _passphrase(given.hide))
        print(f"{private}: keep it secret, and a copy of it safe")
        print(f"{public}: may be given to anybody")
        return
    before = set(given.out.glob("*"))
    signer: Signer | None
    if given.command == "bundle":
        signer = _signer(given.sign)
        made = make_bundle_package(given.bundle, given.out, signer)
    else:
        if given.trust and not given.sign:
            raise PackagingError("key", "--trust needs --sign: only signed archives are updates")
        signer = _signer(given.sign, given.trust or ()) if given.sign else None
        made = make_archive(
            PLATFORMS[given.platform],
            given.pythons or PYTHONS,
            given.out,
            camera=given.camera,
            signer=signer,
        )
    replaced = ", in place of the one that was there" if made in before else ""
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB{replaced}")
    if signer:
        print(
            f"signed, public key {shown(signer.key)}: 'hematovision update' takes it on devices "
            "whose version came with this key"
        )
    else:
        print(
            "not signed: 'hematovision update' refuses it, and a device that is installed from it "
            "takes no updates; sign it with SIGN=KEY (--sign KEY)"
        )


def _signer(key: Path, others: Sequence[Path] = ()) -> Signer:
    return Signer(read_key(key, _passphrase(is_hidden(key))), tuple(others))


def _passphrase(is_wanted: bool) -> str:
    """Take the passphrase from the environment, or ask for it where one is wanted."""
    told = os.environ.get(PASSPHRASE, "")
    return told or (getpass("Passphrase: ") if is_wanted else "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a deliberate error is one line and exit status 2."""
    open_streams()
    try:
        run(parse_args(arguments))
    except HematoVisionError as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    return 0
