"""The word `users`: accounts and API tokens, beside a server that runs."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from runtime import HematoVisionError
from runtime.streams import open_streams
from webapp.command import commander
from webapp.data import add_data, add_database, make_data_folder
from webapp.errors import RequestError
from webapp.store import accounts, sessions
from webapp.store.database import Database
from webapp.store.passwords import hashed

ASKS: Final = "; asks for the password, or reads it as a line of standard input"

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
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=accounts.ROLES)
    _command(commands, place, "list", _list, "list the accounts")
    role = _command(commands, place, "role", _role, "give an account another role")
    role.add_argument("name", metavar="NAME")
    role.add_argument("role", metavar="ROLE", choices=accounts.PEOPLE)
    for name, does, told in (
        ("disable", _disable, "sign an account out, and let it sign in no more"),
        ("enable", _enable, "let an account sign in again"),
    ):
        _command(commands, place, name, does, told).add_argument("name", metavar="NAME")
    password = _command(
        commands, place, "password", _password, f"give an account another password{ASKS}", asks=True
    )
    password.add_argument("name", metavar="NAME")
    token = commands.add_parser("token", help="make, list or revoke API tokens")
    tokens = token.add_subparsers(required=True, metavar="COMMAND")
    made = _command(
        tokens, place, "add", _token, "make an API token of an account, and show it once"
    )
    made.add_argument("name", metavar="NAME")
    made.add_argument("--for", dest="purpose", required=True, metavar="WHAT", help="its name")
    _command(tokens, place, "list", _tokens, "list the API tokens")
    revoke = _command(tokens, place, "revoke", _revoke, "let an API token open nothing any more")
    revoke.add_argument("id", type=int, metavar="ID", help="as 'token list' tells it")
    return top


def main(arguments: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Run the command, called `prog`; a deliberate error is one line and exit status 2."""
    open_streams()
    given = parser(os.environ, prog).parse_args(arguments)
    try:
        is_device = getattr(given, "role", None) == accounts.DEVICE  # which has no password
        if given.asks and not is_device:  # before the database is taken: who types takes their time
            given.password = hashed(_new_password(), given.name)
        if not given.database:
            make_data_folder(given.data)
        place = given.database or given.data
        with Database.open(place) as database, database.begin() as session:
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
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, parents=[place], help=told)
    made.set_defaults(does=does, asks=asks, password=None)
    return made


def _add(session: Session, given: argparse.Namespace) -> str:
    account = accounts.add_account(session, commander(), given.name, given.role, given.password)
    if account.role == accounts.DEVICE:
        return f"{account.name} can send records by an API token: make one with 'token add'"
    return f"{account.name} can sign in as {account.role}"


def _list(session: Session, _: argparse.Namespace) -> str:
    lines = [
        f"{each.name}  {each.role}{'  disabled' if each.disabled_at else ''}"
        for each in accounts.all_accounts(session)
    ]
    return "\n".join(lines) or "There is no account: make an administrator's with 'add'"


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


def _tokens(session: Session, _: argparse.Namespace) -> str:
    lines = [
        f"{each.id}  {each.account}  {each.name}{'  revoked' if each.revoked_at else ''}"
        for each in sessions.tokens_of(session)
    ]
    return "\n".join(lines) or "There is no API token: make one with 'token add'"


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
