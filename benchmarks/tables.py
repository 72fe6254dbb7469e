"""A table of text, for a terminal, a Markdown page or an HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

NONE = "-"


@dataclass(frozen=True)
class Table:
    """Cells below a title; the first column is words, the others are figures."""

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[str]]

    def text(self) -> str:
        """Align the columns for a terminal."""
        cells = [self.header, *self.lines]
        widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
        aligned = [
            "  ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in cells
        ]
        return "\n".join([self.title, *aligned])

    def markdown(self) -> str:
        """Write the table as Markdown, figures to the right."""
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        cells = [self.header, rule, *self.lines]
        escaped = (" | ".join(one_line(c).replace("|", r"\|") for c in line) for line in cells)
        return "\n".join([f"**{self.title}**", "", *(f"| {line} |" for line in escaped)])

    def html(self) -> str:
        """Write the table as an HTML element."""
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>"
            for line in self.lines
        )
        title = f"<caption>{escape(self.title)}</caption>"
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def digits(value: float | None) -> str:
    """Write a figure with about three digits that mean something."""
    if value is None:
        return NONE
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def one_line(text: str) -> str:
    """Put an error of any origin in a line that a terminal can show."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
