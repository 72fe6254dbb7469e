"""Text of any origin, such as a file's name, in a line that a terminal can show."""

from typing import Final

LONGEST: Final = 2000  # letters of a message
ENDING: Final = 400  # of these the last, which say what to do


def one_line(text: str) -> str:
    r"""Write line breaks, control characters and bytes that are no text as escapes.

    `a\nb.png` stays on its line, and `\x1b[2J` clears no screen.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def message_line(text: str) -> str:
    """Write a message in one line, without its middle where it is longer than a person reads."""
    line = one_line(text)
    if len(line) <= LONGEST:
        return line
    return f"{line[: LONGEST - ENDING - 3]} … {line[-ENDING:]}"


def many(n: int, noun: str) -> str:
    """Count a thing in words: `1 field`, `2 fields`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
