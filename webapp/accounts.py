"""The word `users`: accounts and API tokens, beside a server that runs."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp.command import FIRST_ACCOUNT, command_line, commander, users_command
from webapp.data import DataError, add_data, add_database, has_database, make_data_folder
from webapp.errors import RequestError
from webapp.store import accounts, sessions
from webapp.store.database import Database
from webapp.store.passwords import hashed

ASKS: Final = "; asks for the password, or reads it as a line of standard input"
OF_ACCOUNT: Final = "of the account, as 'users list' tells it"
MAY: Final = (
    "a viewer reads, a technician also adds slides and fields, a reviewer also reviews and signs, "
    "an administrator also deletes and keeps accounts"
)

Does = Callable[[Session, argparse.Namespace], str]


def parser(environment: Mapping[str, str], prog: str | None = None) -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    top = argparse.ArgumentParser(
        prog=prog, description="Who may use this device: accounts, their roles, API tokens."
    )
    place = argparse.ArgumentParser(add_help=False)
    add_data(place, environment)
    add_database(place, environment)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    add = _command(commands, place, "add", _add, f"make an account{ASKS}", asks=True)
    add.add_argument("name", metavar="NAME", help="that stands in records, and is never changed")
    add.add_argument(
        "--role",
        required=True,
        choices=accounts.ROLES,
        help=f"{MAY}; a device sends its records here with a token, and has no password",
    )
    _command(commands, place, "list", _list, "list the accounts", writes=False)
    role = _command(commands, place, "role", _role, "give an account another role")
    role.add_argument("name", metavar="NAME", help=OF_ACCOUNT)
    role.add_argument(
        "role",
        metavar="ROLE",
        choices=accounts.PEOPLE,
        help=f"{', '.join(accounts.PEOPLE[:-1])} or {accounts.PEOPLE[-1]}: {MAY}",
    )
    for name, does, told in (
        ("disable", _disable, "sign an account out, and let it sign in no more"),
        ("enable", _enable, "let an account sign in again"),
    ):
        other = _command(commands, place, name, does, told)
        other.add_argument("name", metavar="NAME", help=OF_ACCOUNT)
    password = _command(
        commands, place, "password", _password, f"give an account another password{ASKS}", asks=True
    )
    password.add_argument("name", metavar="NAME", help=OF_ACCOUNT)
    token = commands.add_parser("token", help="make, list or revoke API tokens")
    tokens = token.add_subparsers(required=True, metavar="COMMAND")
    about = "make a token by which a program signs in as an account, and show it once"
    made = _command(tokens, place, "add", _token, about)
    made.add_argument("name", metavar="NAME", help=OF_ACCOUNT)
    made.add_argument(
        "--for", dest="purpose", required=True, metavar="WHAT", help="what uses it: its name"
    )
    _command(tokens, place, "list", _tokens, "list the tokens of programs", writes=False)
    revoke = _command(tokens, place, "revoke", _revoke, "let a token open nothing any more")
    revoke.add_argument("id", type=int, metavar="ID", help="as 'token list' tells it")
    return top


def main(arguments: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Run the command, called `prog`; a deliberate error is one line and exit status 2."""
    open_streams()
    given = parser(os.environ, prog).parse_args(arguments)
    try:
        _require_database(given)
        is_device = getattr(given, "role", None) == accounts.DEVICE  # which has no password
        if given.asks and not is_device:  # before the database is taken: who types takes their time
            given.password = hashed(_new_password(), given.name)
        if not given.database:
            make_data_folder(given.data)
        with Database.open(given.database or given.data) as database:
            given.where = database.name
            with database.begin() if given.writes else database.read() as session:
                told = given.does(session, given)
        print(told)
    except HematoVisionError as error:
        print(f"hematovision: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, EOFError):
        return 130
    return 0


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    place: argparse.ArgumentParser,
    name: str,
    does: Does,
    told: str,
    *,
    asks: bool = False,
    writes: bool = True,
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, parents=[place], help=told, description=told.capitalize())
    made.set_defaults(does=does, asks=asks, writes=writes, password=None)
    return made


def _require_database(given: argparse.Namespace) -> None:
    """Let no command but the one for the first account make a database where there is none."""
    is_first = given.does is _add and given.role == "administrator"
    if given.database or is_first or has_database(given.data):
        return
    raise DataError(
        "no_data",
        f"there is no database in {given.data}, and so no account: name the folder with --data, or "
        f"make the first account with '{_first(given)}'",
    )


def _typed(given: argparse.Namespace, *arguments: str) -> str:
    """Say what a person types to do something else in the same database."""
    if given.database and given.database == os.environ.get("HEMATOVISION_DATABASE"):
        return command_line("users", *arguments)  # which reads it there again
    return users_command(*arguments, data=given.data, database=given.database)


def _first(given: argparse.Namespace) -> str:
    return _typed(given, *FIRST_ACCOUNT)


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    lines = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heading, *rows)
    ]
    return "\n".join(lines)


def _moment(at: datetime | None, otherwise: str = "") -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else otherwise


def _add(session: Session, given: argparse.Namespace) -> str:
    account = accounts.add_account(session, commander(), given.name, given.role, given.password)
    kept = f"the account is kept in {given.where}"
    if account.role == accounts.DEVICE:
        token = _typed(given, "token", "add", account.name, "--for", "records")
        return f"{account.name} can send records by an API token; {kept}\nmake one with: {token}"
    return f"{account.name} can sign in as {account.role}; {kept}"


def _list(session: Session, given: argparse.Namespace) -> str:
    rows = [
        (each.name, each.role, _moment(each.made_at), _moment(each.disabled_at))
        for each in accounts.all_accounts(session)
    ]
    if not rows:
        return f"There is no account in {given.where}: make the first one with '{_first(given)}'"
    return _table(("NAME", "ROLE", "MADE (UTC)", "DISABLED (UTC)"), rows)


def _role(session: Session, given: argparse.Namespace) -> str:
    account = accounts.named_account(session, given.name)
    accounts.change_role(session, commander(), account.id, given.role)
    return f"{account.name} is {given.role} from now on"


def _password(session: Session, given: argparse.Namespace) -> str:
    account = accounts.named_account(session, given.name)
    accounts.set_password(session, commander(), account.id, given.password)
    return f"{account.name} has another password, and is signed out everywhere"


def _disable(session: Session, given: argparse.Namespace) -> str:
    account = accounts.named_account(session, given.name)
    accounts.set_disabled(session, commander(), account.id, disabled=True)
    return f"{account.name} can sign in no more"


def _enable(session: Session, given: argparse.Namespace) -> str:
    account = accounts.named_account(session, given.name)
    accounts.set_disabled(session, commander(), account.id, disabled=False)
    return f"{account.name} can sign in"


def _token(session: Session, given: argparse.Namespace) -> str:
    account = accounts.named_account(session, given.name)
    return sessions.add_token(session, commander(), account, given.purpose)


def _tokens(session: Session, given: argparse.Namespace) -> str:
    rows = [
        (
            str(each.id),
            each.account,
            each.name,
            _moment(each.made_at),
            _moment(each.used_at, "never"),
            _moment(each.revoked_at),
        )
        for each in sessions.tokens_of(session)
    ]
    if not rows:
        made = _typed(given, "token", "add", "NAME", "--for", "WHAT")
        return f"There is no API token in {given.where}: make one with '{made}'"
    heading = ("ID", "ACCOUNT", "FOR", "MADE (UTC)", "LAST USED (UTC)", "REVOKED (UTC)")
    return _table(heading, rows)


def _revoke(session: Session, given: argparse.Namespace) -> str:
    sessions.revoke_token(session, commander(), given.id)
    return f"Token {given.id} opens nothing any more"


def _new_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    wanted = getpass.getpass("New password: ")
    if wanted != getpass.getpass("The same again: "):
        raise RequestError("bad_request", "the password was typed in two ways: try again")
    return wanted
