"""What a person types on one line: one form of it, and nothing unseen in it."""

import unicodedata
from typing import Final

LONGEST_NAME: Final = 80  # of a person

_JOINERS: Final = "\u200c\u200d"  # some scripts are written with them
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def one_line(text: str, most: int) -> str:
    """Bring a text into the one form that is kept.

    Args:
        text: as it was typed.
        most: characters that it may have.

    Returns:
        The text in NFC, without space around it.

    Raises:
        ValueError: it is empty, too long, or holds what cannot be seen.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(c) in _UNSEEN and c not in _JOINERS for c in line):
        raise ValueError("it holds a control character: give it in letters")
    if not 1 <= len(line) <= most:
        raise ValueError(f"it must have 1 to {most} characters")
    return line


def person_name(text: str) -> str:
    """Bring a person's name into the one form that records hold.

    Returns:
        The name as `one_line` gives it, with single spaces.

    Raises:
        ValueError: it is empty, too long, has no letter, or holds what cannot be seen.
    """
    try:
        name = " ".join(one_line(text, LONGEST_NAME).split())
    except ValueError as error:
        raise ValueError(f"the name cannot be used, {error}") from error
    if not any(c.isalnum() for c in name):
        raise ValueError("the name has no letter: give another one")
    return name


def folded(name: str) -> str:
    """Fold a name so that one that is written otherwise is the same; empty for what is no name."""
    try:
        return person_name(name).casefold()
    except ValueError:
        return ""
