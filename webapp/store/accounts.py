"""Accounts: who may sign in, in which role. None is ever deleted, because records bear its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.store.account_tables import AccountRow, SessionRow
from webapp.store.audit import note, person
from webapp.store.errors import StoreError
from webapp.store.passwords import Hashed
from webapp.store.tables import now
from webapp.store.words import folded, person_name

Role = Literal["viewer", "technician", "reviewer", "administrator", "device"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
DEVICE: Final = "device"  # sends records by an API token; it has no password, and never signs in
PEOPLE: Final = ROLES[:-1]  # of who signs in: each may what those before it may


@dataclass(frozen=True)
class Account:
    """An account.

    Attributes:
        id: in this database.
        name: what stands in records.
        role: what it may do.
        made_at: when it was made.
        disabled_at: since when it may not sign in; None where it may.
    """

    id: int
    name: str
    role: Role
    made_at: datetime
    disabled_at: datetime | None


def is_at_least(role: Role, needed: Role) -> bool:
    """Tell whether a role may do what another may; devices and people have nothing in common."""
    if DEVICE in (role, needed):
        return role == needed
    return PEOPLE.index(role) >= PEOPLE.index(needed)


def has_accounts(session: Session) -> bool:
    """Tell whether there is any account, also a disabled one."""
    return session.scalar(select(AccountRow.id).limit(1)) is not None


def has_administrator(session: Session) -> bool:
    """Tell whether an administrator can sign in."""
    return _administrators(session) > 0


def all_accounts(session: Session) -> Sequence[Account]:
    """List the accounts by name."""
    return [account_of(row) for row in session.scalars(select(AccountRow).order_by("folded"))]


def named_account(session: Session, name: str) -> Account:
    """Look an account up by its name, however its letters are written.

    Raises:
        StoreError: `not_found`.
    """
    row = row_named(session, name)
    if row is None:
        raise StoreError("not_found", f"There is no account {name!r}: list them to see their names")
    return account_of(row)


def find_account(session: Session, account_id: int) -> Account:
    """Look an account up by its id.

    Raises:
        StoreError: `not_found`.
    """
    return account_of(_find(session, account_id))


def add_account(
    session: Session, by: str, name: str, role: str, password: Hashed | None = None
) -> Account:
    """Make an account; the first one must be an administrator's.

    Args:
        session: of `Database.begin`.
        by: who makes it.
        name: of 1 to 80 characters, which no other account has.
        role: of `ROLES`.
        password: of `passwords.hashed`; a device has none.

    Raises:
        StoreError: `no_person`, `bad_request`, `name_taken`, `no_administrator`, or
            `weak_password` of a person without one.
    """
    by = person(by)
    try:
        name = person_name(name)
    except ValueError as error:
        raise StoreError("bad_request", f"There can be no such account: {error}") from error
    if row_named(session, name) is not None:
        raise StoreError("name_taken", f"There is an account {name} already: choose another name")
    role = _role(role)
    if role != "administrator" and not has_accounts(session):
        raise StoreError("no_administrator", "The first account must be an administrator's")
    if role != DEVICE and not password:
        raise StoreError("weak_password", f"{name} needs a password to sign in: choose one")
    row = AccountRow(
        name=name,
        folded=folded(name),
        role=role,
        password=password or "",
        made_at=now(),
    )
    session.add(row)
    session.flush()
    note(session, by, "account.add", {"account": name, "role": role})
    return account_of(row)


def change_role(session: Session, by: str, account_id: int, role: str) -> Account:
    """Give an account another role, which holds at once; a device stays a device.

    Raises:
        StoreError: `no_person`, `not_found`, `bad_request` or `last_administrator`.
    """
    by, row = person(by), _find(session, account_id)
    before, row.role = row.role, _role(role)
    if before != role and DEVICE in (before, role):
        raise StoreError(
            "bad_request",
            f"{row.name} stays the account of a {'device' if before == DEVICE else 'person'}: make "
            "another account",
        )
    session.flush()
    _keep_an_administrator(session)
    if before != role:
        note(session, by, "account.role", {"account": row.name, "role": [before, role]})
    return account_of(row)


def set_disabled(session: Session, by: str, account_id: int, *, disabled: bool) -> Account:
    """Forbid an account to sign in, which ends its sessions and stops its tokens, or allow it.

    Raises:
        StoreError: `no_person`, `not_found` or `last_administrator`.
    """
    by, row = person(by), _find(session, account_id)
    if disabled == (row.disabled_at is not None):
        return account_of(row)
    row.disabled_at = now() if disabled else None
    session.flush()
    _keep_an_administrator(session)
    end_sessions(session, account_id)
    note(session, by, "account.disable" if disabled else "account.enable", {"account": row.name})
    return account_of(row)


def set_password(session: Session, by: str, account_id: int, password: Hashed) -> Account:
    """Give an account another password, which ends its sessions; its tokens stay.

    Raises:
        StoreError: `no_person`, `not_found`, or `bad_request` of a device.
    """
    by, row = person(by), _find(session, account_id)
    if row.role == DEVICE:
        raise StoreError(
            "bad_request", f"{row.name} is a device and has no password: make it an API token"
        )
    row.password = password
    end_sessions(session, account_id)
    note(session, by, "account.password", {"account": row.name})
    return account_of(row)


def end_sessions(session: Session, account_id: int) -> None:
    """Sign an account out everywhere."""
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))


def row_named(session: Session, name: str) -> AccountRow | None:
    """Give the row of an account by its name; None where there is none."""
    return session.scalar(select(AccountRow).where(AccountRow.folded == folded(name)))


def account_of(row: AccountRow) -> Account:
    """Tell an account."""
    return Account(row.id, row.name, _role(row.role), row.made_at, row.disabled_at)


def _find(session: Session, account_id: int) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise StoreError("not_found", f"There is no account {account_id}: load the list again")
    return row


def _role(role: str) -> Role:
    if role not in ROLES:
        raise StoreError("bad_request", f"{role!r} is no role: choose {', '.join(ROLES)}")
    return role


def _administrators(session: Session) -> int:
    query = select(func.count()).where(
        AccountRow.role == "administrator", AccountRow.disabled_at.is_(None)
    )
    return session.scalar(query) or 0


def _keep_an_administrator(session: Session) -> None:
    if not _administrators(session):
        raise StoreError(
            "last_administrator",
            "Nobody could administrate this device any more: make another administrator first",
        )
