"""Text of any origin, such as a file's name, in a line that a terminal can show."""


def one_line(text: str) -> str:
    r"""Write line breaks, control characters and bytes that are no text as escapes.

    `a\nb.png` stays on its line, and `\x1b[2J` clears no screen.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def many(n: int, noun: str) -> str:
    """Count a thing in words: `1 field`, `2 fields`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
