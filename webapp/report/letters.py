"""Text that a font can show: what it cannot is replaced visibly and counted, never dropped."""

import unicodedata
from collections.abc import Container
from importlib.util import find_spec
from typing import Final

REPLACED: Final = "\ufffd"
# Overrides of the reading direction: text that holds one can read as something else than it is.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def can_shape() -> bool:
    """Tell whether scripts whose letters join, and that read from the right, can be set."""
    return find_spec("uharfbuzz") is not None


class Letters:
    """Makes texts ready for a font.

    Attributes:
        replaced: how many characters could not be shown so far.
    """

    def __init__(self, glyphs: Container[int], *, shaped: bool) -> None:
        """Take the code points that the font has, and whether text is shaped."""
        self.replaced = 0
        self._glyphs, self._shaped = glyphs, shaped

    def __call__(self, text: str) -> str:
        """Give a text with what the font cannot show replaced; line breaks become spaces."""
        plain = unicodedata.normalize("NFC", " ".join(text.split()))
        return "".join(c if self._shows(c) else self._replace() for c in plain)

    def _shows(self, c: str) -> bool:
        if c in _OVERRIDES or not (c == " " or ord(c) in self._glyphs):
            return False
        return self._shaped or unicodedata.bidirectional(c) not in _RIGHT_TO_LEFT

    def _replace(self) -> str:
        self.replaced += 1
        return REPLACED
