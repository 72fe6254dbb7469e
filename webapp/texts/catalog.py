"""Translations as people edit them: one `.po` file a language, read as it is, nothing compiled."""

import ast
import gettext
import re
from collections.abc import Callable, Iterator
from pathlib import Path

_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?) +)?(".*")')
_PLURAL = re.compile(r"plural=([^;\\]+)")


class Catalog(gettext.NullTranslations):
    """The texts of one language; what it lacks stays English."""

    def __init__(self, entries: dict[str, tuple[str, ...]]) -> None:
        """Keep texts: English (singular) to the forms of the translation; "" is the header."""
        super().__init__()
        header = entries.get("", ("",))[0]
        plural = _PLURAL.search(header)
        self.plural = plural[1].strip() if plural else "n != 1"
        self.forms = {english: forms for english, forms in entries.items() if english}
        self._form: Callable[[int], int] = gettext.c2py(self.plural)

    @classmethod
    def read(cls, path: Path) -> "Catalog":
        """Read a `.po` file.

        Raises:
            ValueError: a line that cannot be read, named with its file and number.
        """
        return cls(dict(_entries(path)))

    def gettext(self, message: str) -> str:
        """Translate a text."""
        return self.forms.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Translate a text in the form that a number asks for."""
        forms = self.forms.get(msgid1)
        if forms is None:
            return msgid1 if n == 1 else msgid2
        return forms[min(self._form(n), len(forms) - 1)]


def _entries(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each finished translation; fuzzy and empty ones are none, but for the header."""
    entry: dict[str, str] = {}
    key, is_fuzzy = "", False
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        line = line.strip()
        if not line:
            if not is_fuzzy or not entry.get("msgid"):
                yield from _finished(entry)
            entry, key, is_fuzzy = {}, "", False
        elif line.startswith("#"):
            is_fuzzy |= line.startswith("#,") and "fuzzy" in line
        elif match := _LINE.fullmatch(line):
            key = match[1] or key
            entry[key] = entry.get(key, "") + ast.literal_eval(match[2])
        else:
            raise ValueError(f"{path}, line {number}, is no line of a translation: mend {line!r}")


def _finished(entry: dict[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    forms = tuple(text for key, text in entry.items() if key.startswith("msgstr"))
    if "msgid" in entry and forms and all(forms):
        yield entry["msgid"], forms
