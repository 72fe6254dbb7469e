"""A table of text, for a terminal or for a Markdown page."""

from collections.abc import Sequence
from dataclasses import dataclass


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
        escaped = (" | ".join(cell.replace("|", r"\|") for cell in line) for line in cells)
        return "\n".join([f"**{self.title}**", "", *(f"| {line} |" for line in escaped)])
