"""Signing in by name and password: the same answer, after the same time, for whoever fails."""

import math
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from webapp.bench import Bench
from webapp.delays import Delays
from webapp.errors import RequestError
from webapp.store import passwords
from webapp.store.account_tables import AccountRow
from webapp.store.accounts import Account, account_of, row_named
from webapp.store.audit import note
from webapp.store.sessions import begin_session
from webapp.store.words import folded
from webapp.texts import gettext as _

STRANGER: Final = "HematoVision"  # who notes a failure, in the audit
LONGEST_ADDRESS: Final = 64


@dataclass(frozen=True)
class SignedIn:
    """An account, and the secret of its new session."""

    account: Account
    secret: str


@dataclass(frozen=True)
class Checked:
    """An account, and the hash that a password was found to fit."""

    account: Account
    kept: str


def sign_in(bench: Bench, delays: Delays, name: str, password: str, address: str) -> SignedIn:
    """Begin a session for who knows an account's password.

    Args:
        bench: with the accounts.
        delays: of those who failed.
        name: as it was typed.
        password: as it was typed.
        address: that the request comes from.

    Raises:
        RequestError: `wrong_password`, also where there is no such account or it is disabled, or
            `too_many_tries`.
        StoreError: of the database, or `busy`.
    """
    checked = check_password(bench, delays, name, password, address)
    with bench.writing() as session:
        account = still_fitting(session, checked)
        secret = begin_session(session, account)
        note(session, account.name, "session.begin", {"address": address[:LONGEST_ADDRESS]})
    return SignedIn(account, secret)


def check_password(bench: Bench, delays: Delays, name: str, password: str, address: str) -> Checked:
    """Tell whose name and password these are; a failure is noted, and delays the next try.

    What is then written needs `still_fitting`, for another password may have been set by then.

    Raises:
        RequestError: as `sign_in`.
        StoreError: as `sign_in`.
    """
    key = folded(name)
    wait_s = delays.begin(key, address)
    if wait_s > 0:
        seconds = math.ceil(wait_s)
        raise RequestError(
            "too_many_tries",
            _("Too many tries have failed: wait {n} s, and try again").format(n=seconds),
            seconds,
        )
    with bench.reading() as session:
        row = row_named(session, name)
        known = row if row is not None and row.disabled_at is None else None
        account = account_of(known) if known else None
        kept = known.password if known else None
    fits = passwords.fits(password, kept)
    if account is None or not fits:
        # A name that nobody has is not noted: it may be a password, typed into the wrong field.
        told = {"account": row.name if row else None, "address": address[:LONGEST_ADDRESS]}
        with bench.writing() as session:
            note(session, STRANGER, "session.refused", told)
        raise _wrong()
    delays.succeeded(key, address)
    return Checked(account, kept or "")


def still_fitting(session: Session, checked: Checked) -> Account:
    """Give the account whose password was checked, as it is now that something is to be written.

    Args:
        session: of `Database.begin`.
        checked: of `check_password`.

    Raises:
        RequestError: `wrong_password`, it has another one since, or is disabled.
    """
    row = session.get(AccountRow, checked.account.id)
    if row is None or row.password != checked.kept or row.disabled_at is not None:
        raise _wrong()
    return account_of(row)


def _wrong() -> RequestError:
    return RequestError("wrong_password", _("The name or the password is wrong"))
