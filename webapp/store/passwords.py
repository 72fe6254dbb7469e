"""Passwords: which may be chosen, and their Argon2id hashes.

One is hashed at a time: each takes 64 MiB of memory and the better part of a second on a small
computer, so that many who try at once could else bring it down. Never within a transaction that
writes, or all others who write would wait for it.

Refused is what is tried first: words of this very place (the account, the app, its roles) and the
commonest passwords, as NIST SP 800-63B asks (revision 3: 5.1.1.2, revision 4: 3.1.1.2).
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
APP: Final = "hematovision"
Hashed = NewType("Hashed", str)  # as Argon2id writes it, with salt and costs

_HASHER: Final = PasswordHasher()  # the second choice of RFC 9106, for little memory
_TURN: Final = threading.Lock()
# What common passwords of this length are put together from, beside digits and signs.
_WORDS: Final = (
    *("administrator", "technician", "reviewer", "viewer", "device", "laboratory", "microscope"),
    *("admin", "password", "passwort", "qwertyuiop", "qwerty", "asdfghjkl", "letmein", "welcome"),
    *("iloveyou", "changeme", "changethis", "trustno", "default", "secret", "master", "login"),
)
_RUNS: Final = (  # along the keyboard or the alphabet, from any key on and over again
    *("1234567890", "0987654321", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"),
)
_SIGNS: Final = str.maketrans("@$0", "aso")  # for letters, as in p@$$w0rd


def hashed(password: str, name: str) -> Hashed:
    """Hash a password that is to be an account's.

    Args:
        password: as it was typed.
        name: of the account, however its letters are written.

    Raises:
        StoreError: `weak_password`, or `busy`.
    """
    text = _plain(password)
    if any("\ud800" <= each <= "\udfff" for each in text):
        raise StoreError(
            "weak_password", "The password holds bytes that are no letters in UTF-8: choose another"
        )
    if not SHORTEST <= len(text) <= LONGEST:
        raise StoreError(
            "weak_password", f"A password has {SHORTEST} to {LONGEST} characters: choose another"
        )
    if len(set(text)) < FEWEST_CHARACTERS:
        raise StoreError(
            "weak_password",
            f"The password has fewer than {FEWEST_CHARACTERS} different characters: choose another",
        )
    name, lower = folded(name), text.casefold()
    if (len(name) >= FEWEST_CHARACTERS and name in lower) or APP in lower:
        raise StoreError(
            "weak_password",
            "The password holds the account's name or the app's: choose another",
        )
    if _is_common(lower, name):
        raise StoreError(
            "weak_password",
            "The password is one that is tried first, as 'administrator' or '123456789012': choose "
            "some words that nobody would guess",
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


def _is_common(lower: str, name: str) -> bool:
    """Tell whether nothing but common words, digits and signs, or a run of keys, is in it."""
    if any(lower in run * LONGEST for run in _RUNS):
        return True
    around = "".join(c for c in lower if not c.isalpha())
    word = lower.strip(around)
    letters = "".join(c for c in word.translate(_SIGNS) if c.isalpha())
    rest = letters
    for each in (*_WORDS, *name.split()):
        rest = rest.replace(each, "")
    return bool(letters) and not rest


def _plain(password: str) -> str:
    """Bring a password into one form, whatever keyboard it was typed on, and no longer than any."""
    return unicodedata.normalize("NFC", password[: 4 * LONGEST])


@cache
def _of_nobody() -> str:
    return _HASHER.hash("nobody's")
