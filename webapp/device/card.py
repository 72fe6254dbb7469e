"""A bundle's card: found with its figures, and as a page, the little of Markdown that it needs."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from runtime import Bundle
from webapp.errors import RequestError
from webapp.service import Listed

CARD: Final = "CARD.md"
LONGEST_CARD: Final = 500_000  # bytes

_ROW = re.compile(r"\|(.*)\|")
_ALIGNED = re.compile(r":?-+:?")
_PICTURE = re.compile(r"!\[([^\]]*)\]\((figures/[A-Za-z0-9_.-]+\.png)\)")
_CODE = re.compile(r"`([^`]+)`")
_EMPHASIS = re.compile(r"(\*\*?)([^*]+)\1")


def bundle_named(bundles: Sequence[Listed], name: str) -> Bundle:
    """Give the bundle of a device that is called so.

    Raises:
        RequestError: `not_found`, there is none that can be read.
    """
    for each in bundles:
        if each.id == name and isinstance(each.bundle, Bundle):
            return each.bundle
    raise RequestError("not_found", f"There is no bundle {name!r} here that can be read")


def card_of(bundle: Bundle) -> str:
    """Give a bundle's card in Markdown.

    Raises:
        RequestError: `not_found`, it has none, or none that can be a card.
    """
    file = bundle.path / CARD
    if not file.is_file() or file.stat().st_size > LONGEST_CARD:
        raise RequestError("not_found", f"The bundle {bundle.name} has no card")
    return file.read_text(encoding="utf-8", errors="replace")


def figure_of(bundle: Bundle, name: str) -> Path:
    """Give the file of a figure of a bundle's card.

    Raises:
        RequestError: `not_found`.
    """
    for file in (bundle.path / "figures").glob("*.png"):
        if file.name == name:
            return file.resolve()
    raise RequestError("not_found", f"The card of {bundle.name} has no figure {name!r}")


def card_html(text: str, folder: str) -> Markup:
    """Render a card: headings, paragraphs, lists, tables, figures, code and emphasis.

    Args:
        text: the card in Markdown; whatever else is in it is shown as it stands.
        folder: address under which its figures are found.
    """
    blocks = re.split(r"\n\s*\n", text.strip())
    return Markup("\n").join(part for block in blocks for part in _block(block, folder))


def _block(block: str, folder: str) -> Iterator[Markup]:
    lines = block.splitlines()
    if heading := re.fullmatch(r"(#{1,4}) (.+)", block):
        level = len(heading[1])
        yield Markup("<h{0}>{1}</h{0}>").format(level, _inline(heading[2]))
    elif picture := _PICTURE.fullmatch(block.strip()):
        yield Markup('<img src="{}/{}" alt="{}" loading="lazy">').format(
            folder, picture[2], picture[1]
        )
    elif len(lines) > 1 and all(_ROW.fullmatch(line.strip()) for line in lines):
        yield _table([_cells(line) for line in lines])
    elif all(line.startswith("- ") for line in lines):
        items = Markup("").join(Markup("<li>{}</li>").format(_inline(line[2:])) for line in lines)
        yield Markup("<ul>{}</ul>").format(items)
    else:
        yield Markup("<p>{}</p>").format(_inline(" ".join(lines)))


def _table(rows: list[list[str]]) -> Markup:
    head, rest = rows[0], rows[1:]
    numbers = [False] * len(head)
    if rest and all(_ALIGNED.fullmatch(cell) for cell in rest[0]):
        numbers = [cell.endswith(":") for cell in rest[0]]
        rest = rest[1:]
    body = Markup("").join(_row("td", row, numbers) for row in rest)
    return Markup(
        '<div class="table-wrap" tabindex="0" role="region" aria-label="{}">'
        '<table class="table"><thead>{}</thead><tbody>{}</tbody></table></div>'
    ).format(head[0] or " · ".join(cell for cell in head if cell), _row("th", head, numbers), body)


def _row(tag: str, cells: list[str], numbers: list[bool]) -> Markup:
    scope = Markup(' scope="col"') if tag == "th" else ""
    told = Markup("").join(
        Markup("<{0}{1}{2}>{3}</{0}>").format(
            tag if text or tag == "td" else "td",
            scope if text else "",
            Markup(' class="number"') if place < len(numbers) and numbers[place] else "",
            _inline(text),
        )
        for place, text in enumerate(cells)
    )
    return Markup("<tr>{}</tr>").format(told)


def _cells(line: str) -> list[str]:
    match = _ROW.fullmatch(line.strip())
    return [cell.strip() for cell in match[1].split("|")] if match else []


def _inline(text: str) -> Markup:
    """Mark code and emphasis in a line; everything else is escaped."""
    told = str(escape(text))
    told = _CODE.sub(r"<code>\1</code>", told)
    told = _EMPHASIS.sub(lambda m: f"<{_strong(m[1])}>{m[2]}</{_strong(m[1])}>", told)
    return Markup(told)  # noqa: S704 - escaped above, and marked by the two lines before


def _strong(stars: str) -> str:
    return "strong" if stars == "**" else "em"
