"""Passwords: which may be chosen, and their Argon2id hashes.

One is hashed at a time: each takes 64 MiB of memory and the better part of a second on a small
computer, so that many who try at once could else bring it down. Never within a transaction that
writes, or all others who write would wait for it.
"""

import threading
import unicodedata
from functools import cache
from typing import Final, NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.store.errors import StoreError
from webapp.store.words import folded

SHORTEST: Final = 12
LONGEST: Final = 256
FEWEST_CHARACTERS: Final = 5  # different ones
PATIENCE_S: Final = 5.0
Hashed = NewType("Hashed", str)  # as Argon2id writes it, with salt and costs

_HASHER: Final = PasswordHasher()  # the second choice of RFC 9106, for little memory
_TURN: Final = threading.Lock()


def hashed(password: str, name: str) -> Hashed:
    """Hash a password that is to be an account's.

    Args:
        password: as it was typed.
        name: of the account, however its letters are written.

    Raises:
        StoreError: `weak_password`, or `busy`.
    """
    text = _plain(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise StoreError(
            "weak_password", f"A password has {SHORTEST} to {LONGEST} characters: choose another"
        )
    name = folded(name)
    is_named = len(name) >= FEWEST_CHARACTERS and name in text.casefold()
    if len(set(text)) < FEWEST_CHARACTERS or is_named:
        raise StoreError(
            "weak_password",
            f"The password holds the account's name or fewer than {FEWEST_CHARACTERS} different "
            "characters: choose another",
        )
    with _Turn():
        return Hashed(_HASHER.hash(text))


def fits(password: str, kept: str | None) -> bool:
    """Tell whether a password is the one that a hash was made of.

    Args:
        password: as it was typed.
        kept: the hash; none, where there is no account or a device's, takes as long and never fits.

    Raises:
        StoreError: `busy`.
    """
    with _Turn():
        try:
            return _HASHER.verify(kept or _of_nobody(), _plain(password)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


class _Turn:
    """Waits until nobody else hashes."""

    def __enter__(self) -> None:
        if not _TURN.acquire(timeout=PATIENCE_S):
            raise StoreError("busy", "Others are signing in just now: try again")

    def __exit__(self, *_: object) -> None:
        _TURN.release()


def _plain(password: str) -> str:
    """Bring a password into one form, whatever keyboard it was typed on, and no longer than any."""
    return unicodedata.normalize("NFC", password[: 4 * LONGEST])


@cache
def _of_nobody() -> str:
    return _HASHER.hash("nobody's")
