"""The commands `backup`, `restore` and `audit verify`: words of `hematovision`."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime import HematoVisionError
from runtime.lines import many, one_line
from runtime.streams import open_streams
from webapp.command import command_line
from webapp.data import add_data, add_database, has_database
from webapp.maintenance.archive import BackupError, on_server
from webapp.maintenance.backup import make_backup
from webapp.maintenance.restore import accounts_of_then, restore_backup
from webapp.store.chain import verify
from webapp.store.database import Database


def parse_args(
    arguments: Sequence[str], environment: Mapping[str, str], prog: str
) -> argparse.Namespace:
    """Read the command line of `prog`; the environment gives defaults."""
    shared = argparse.ArgumentParser(add_help=False)
    add_data(shared, environment)
    add_database(shared, environment)
    parser = argparse.ArgumentParser(prog=prog, description="Keep what the app keeps safe.")
    commands = parser.add_subparsers(required=True, metavar="backup|restore|audit")
    backup = commands.add_parser(
        "backup", parents=[shared], help="put all into one file, also while the app runs"
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file, or an older backup")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser(
        "restore", parents=[shared], help="bring a backup back, while the app does not run"
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="that `backup` has made")
    restore.set_defaults(run=_restore)
    audit = commands.add_parser("audit", help="look at the trail of who did what when")
    acts = audit.add_subparsers(required=True, metavar="verify")
    verified = acts.add_parser(
        "verify", parents=[shared], help="name the first entry that was changed, if any was"
    )
    verified.set_defaults(run=_verify)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str], prog: str) -> int:
    """Run a command, called `prog`; a deliberate error is one line.

    Returns:
        The exit status: 0 where all is well, 1 where it is done and something was found to be
        wrong, 2 where it could not be done, 130 after Ctrl-C.
    """
    open_streams()
    given = parse_args(arguments, os.environ, prog)
    try:
        status: int = given.run(given)
    except HematoVisionError as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _backup(given: argparse.Namespace) -> int:
    _refuse_server(given)
    made = make_backup(given.data, given.file)
    print(
        f"{given.file}: {many(len(made.pictures), 'picture')} and the database, "
        f"{made.bytes / 1e6:.1f} MB, written and read back"
    )
    print(f"the trail has {made.entries} entries, its head is {made.head}")
    wrong = _warned(made.broken, given)
    if made.left_out:
        print(
            f"{many(len(made.left_out), 'picture')} could not be put in, for they are missing or "
            f"damaged, such as {made.left_out[0][:12]}",
            file=sys.stderr,
        )
        wrong = True
    return int(wrong)


def _restore(given: argparse.Namespace) -> int:
    _refuse_server(given)
    done = restore_backup(given.file, given.data)
    made = done.manifest
    device, at = one_line(made.device), one_line(made.made_at[:16])
    print(
        f"{given.data} holds what {device} kept on {at} UTC: "
        f"{many(len(made.pictures), 'picture')}, {made.entries} entries of the trail"
    )
    if done.aside:
        print(f"what was there before lies in {done.aside}: remove it when all is well")
    if done.has_accounts:
        print(accounts_of_then(given.data))
    return int(_warned(done.chain.broken, given))


def _verify(given: argparse.Namespace) -> int:
    if not given.database and not has_database(given.data):
        raise BackupError("no_data", f"{given.data} holds no data: name its folder with --data")
    with Database.open(given.database or given.data) as database, database.read() as session:
        chain = verify(session)
    if not _warned(chain.broken, given):
        print(f"the trail is whole: {chain.entries} entries, its head is {chain.head.sha256}")
    return int(chain.broken is not None)


def _refuse_server(given: argparse.Namespace) -> None:
    if given.database:
        raise on_server("the database", given.data)


def _warned(broken: str | None, given: argparse.Namespace) -> bool:
    """Say what of the trail is broken, if anything is, and what to do about it."""
    if broken:
        print(f"hematovision: the trail is broken: {one_line(broken)}", file=sys.stderr)
        back = "its server's last backup whose trail is whole"
        if not given.database:
            command = command_line("restore", "FILE", "--data", str(given.data))
            back = f"the last backup whose trail is whole, by '{command}', which keeps what is here"
        print(
            "sign nothing more in this data; keep it as it is, to find out who could write to it; "
            f"then bring back {back}",
            file=sys.stderr,
        )
    return broken is not None
