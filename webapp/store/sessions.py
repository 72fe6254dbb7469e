"""Who has signed in: browsers by sessions, programs by API tokens.

What a cookie holds, or a token, are 256 random bits. They are told once; here lies their SHA-256,
from which nobody finds them, so that who reads the database can sign in with nothing in it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from webapp.store.account_tables import AccountRow, SessionRow, TokenRow
from webapp.store.accounts import Account, account_of
from webapp.store.audit import note, person
from webapp.store.errors import StoreError
from webapp.store.tables import LARGEST_ID, now
from webapp.store.words import one_line

IDLE: Final = timedelta(hours=1)  # after which a session that is not used ends
LONGEST: Final = timedelta(hours=12)  # after which every session ends
NOTED: Final = timedelta(minutes=5)  # how exactly the last use is kept, to spare the disk
LONGEST_NAME: Final = 80  # of a token
TOKEN: Final = "hv_"  # what tokens begin with, so that one that was lost is recognized  # noqa: S105

_BYTES: Final = 32


@dataclass(frozen=True)
class Found:
    """Whose session or token it is, and whether its last use should be noted again."""

    account: Account
    is_stale: bool


@dataclass(frozen=True)
class Token:
    """An API token.

    Attributes:
        id: in this database.
        account: name of whose it is.
        name: what it was made for.
        made_at: when it was made.
        used_at: when it was last used, to 5 minutes; None if never.
        revoked_at: since when it opens nothing; None where it does.
    """

    id: int
    account: str
    name: str
    made_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def begin_session(session: Session, account: Account) -> str:
    """Begin a session, and forget those that are over.

    Returns:
        The secret that the cookie is to hold.
    """
    secret, time = secrets.token_urlsafe(_BYTES), now()
    over = or_(SessionRow.used_at < time - IDLE, SessionRow.began_at < time - LONGEST)
    session.execute(delete(SessionRow).where(over))
    session.add(
        SessionRow(sha256=_hash(secret), account_id=account.id, began_at=time, used_at=time)
    )
    return secret


def find_session(session: Session, secret: str) -> Found | None:
    """Tell whose session it is; None where it has ended, or never was one."""
    query = (
        select(SessionRow, AccountRow).join(AccountRow).where(SessionRow.sha256 == _hash(secret))
    )
    both = session.execute(query).first()
    if both is None:
        return None
    row, account, time = *both, now()
    if account.disabled_at or row.used_at < time - IDLE or row.began_at < time - LONGEST:
        return None
    return Found(account_of(account), row.used_at < time - NOTED)


def use_session(session: Session, secret: str) -> None:
    """Note that a session is used now."""
    row = session.scalar(select(SessionRow).where(SessionRow.sha256 == _hash(secret)))
    if row is not None:
        row.used_at = now()


def end_session(session: Session, secret: str) -> None:
    """End a session."""
    session.execute(delete(SessionRow).where(SessionRow.sha256 == _hash(secret)))


def end_all_sessions(session: Session) -> None:
    """Sign everybody out."""
    session.execute(delete(SessionRow))


def add_token(session: Session, by: str, account: Account, name: str) -> str:
    """Make an API token, which may what its account may.

    Args:
        session: of `Database.begin`.
        by: who makes it.
        account: whose it is.
        name: what it is for, 1 to 80 characters.

    Returns:
        The token, which cannot be told again.

    Raises:
        StoreError: `no_person` or `bad_request`.
    """
    by = person(by)
    try:
        name = one_line(name, LONGEST_NAME)
    except ValueError as error:
        raise StoreError("bad_request", f"The token needs a name: {error}") from error
    secret = TOKEN + secrets.token_urlsafe(_BYTES)
    row = TokenRow(sha256=_hash(secret), account_id=account.id, name=name, made_at=now())
    session.add(row)
    session.flush()
    note(session, by, "token.add", {"account": account.name, "token": name, "id": row.id})
    return secret


def tokens_of(session: Session, account_id: int | None = None) -> Sequence[Token]:
    """List API tokens, the newest first, also those that were revoked.

    Args:
        session: of `Database.read`.
        account_id: of one account; None takes all.
    """
    query = select(TokenRow, AccountRow.name).join(AccountRow).order_by(TokenRow.id.desc())
    if account_id is not None:
        query = query.where(TokenRow.account_id == account_id)
    return [
        Token(row.id, name, row.name, row.made_at, row.used_at, row.revoked_at)
        for row, name in session.execute(query)
    ]


def find_token(session: Session, secret: str) -> Found | None:
    """Tell whose token it is; None where it was revoked, or never was one."""
    query = select(TokenRow, AccountRow).join(AccountRow).where(TokenRow.sha256 == _hash(secret))
    both = session.execute(query).first()
    if both is None:
        return None
    row, account = both
    if account.disabled_at or row.revoked_at:
        return None
    return Found(account_of(account), row.used_at is None or row.used_at < now() - NOTED)


def use_token(session: Session, secret: str) -> None:
    """Note that a token is used now."""
    row = session.scalar(select(TokenRow).where(TokenRow.sha256 == _hash(secret)))
    if row is not None:
        row.used_at = now()


def revoke_token(session: Session, by: str, token_id: int, account_id: int | None = None) -> None:
    """Let a token open nothing from now on.

    Args:
        session: of `Database.begin`.
        by: who revokes it.
        token_id: of it.
        account_id: whose it must be; None takes anybody's.

    Raises:
        StoreError: `no_person` or `not_found`.
    """
    by = person(by)
    row = session.get(TokenRow, token_id) if abs(token_id) <= LARGEST_ID else None
    if row is None or account_id not in (None, row.account_id):
        raise StoreError("not_found", f"There is no token {token_id}: list them to see their ids")
    if row.revoked_at is None:
        row.revoked_at = now()
        account = session.get_one(AccountRow, row.account_id)
        note(
            session, by, "token.revoke", {"account": account.name, "token": row.name, "id": row.id}
        )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
