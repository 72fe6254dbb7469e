"""The sheet of paper: A4, its fonts, and what stands at the head and the foot of each page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF, XPos, YPos
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace, TTFFont

from runtime.lines import many
from webapp.record import RESEARCH_USE
from webapp.report.letters import REPLACED, Letters, can_shape

FONTS: Final = Path(__file__).parent / "fonts"
FONT: Final = "DejaVu"
MARGIN_MM: Final = 16.0
FOOT_MM: Final = 20.0
LINE_MM: Final = 4.6
ROW_MM: Final = 5.6
MOST_KEPT: Final = 20  # rows that are moved to the next page rather than parted
INK, SOFT, RULE, PALE = (32, 24, 40), (92, 84, 100), (196, 190, 202), (243, 240, 246)
ACCENT: Final = (104, 40, 168)


class Paper(FPDF):
    """A4 pages that are the same bytes for the same words and the same time."""

    def __init__(self, title: str, running: str, made: datetime) -> None:
        """Open a document.

        Args:
            title: of the document, as viewers show it.
            running: what stands at the foot of each page: which slide, which revision, its state.
            made: time that the file says it was made at.
        """
        super().__init__(format="A4", unit="mm")
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        shaped = can_shape()
        if shaped:
            self.set_text_shaping(True, features={"liga": False})
        # Both faces must have a letter.
        faces = [set(f.cmap) for f in self.fonts.values() if isinstance(f, TTFFont)]
        self.letters = Letters(set.intersection(*faces), shaped=shaped)
        self._running = self.letters(running)
        self.set_title(self.letters(title))
        self.set_subject(RESEARCH_USE)
        self.set_creator("HematoVision")
        self.set_lang("en")
        self.set_creation_date(made.astimezone(UTC))
        self.set_margins(MARGIN_MM, 14, MARGIN_MM)
        self.set_auto_page_break(True, FOOT_MM)
        self.add_page()

    def footer(self) -> None:
        """Write the research-use line, what this is a page of, and which."""
        self.set_y(-FOOT_MM + 4)
        self._rule()
        self.face(7.5, bold=True)
        self.cell(0, 4, RESEARCH_USE, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.face(7, color=SOFT)
        page = f"Page {self.page_no()} of {{nb}}"
        self.cell(self.epw - 26, 4, self.cut(self._running, self.epw - 28))
        self.cell(26, 4, page, align="R")

    def face(self, points: float, *, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        """Choose size, weight and color of what is written next."""
        self.set_font(FONT, "B" if bold else "", points)
        self.set_text_color(*color)

    def cut(self, text: str, width_mm: float) -> str:
        """Give as much of a text as fits in a width, with an ellipsis where some is left out."""
        if self.get_string_width(text) <= width_mm:
            return text
        while text and self.get_string_width(f"{text}…") > width_mm:
            text = text[:-1]
        return f"{text}…"

    def heading(self, text: str, note: str = "", rows: int = 1) -> None:
        """Begin a section, and keep it together with so many rows that follow."""
        if self.will_page_break(20 + min(rows, MOST_KEPT) * ROW_MM):
            self.add_page()
        self.ln(4)
        self.face(10, bold=True, color=ACCENT)
        self.cell(self.get_string_width(text) + 3, 5.5, text)
        self.face(7.5, color=SOFT)
        self.cell(0, 5.5, note, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule()
        self.ln(1)

    def words(self, text: str, points: float = 8.5, *, bold: bool = False) -> None:
        """Write a paragraph of our own words or of a person's."""
        self.face(points, bold=bold)
        self.multi_cell(
            0, LINE_MM, self.letters(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def rows(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], widths_mm: Sequence[float]
    ) -> None:
        """Write a table; its head is repeated on each page, and no row is broken by one."""
        self.face(7)
        self.set_fill_color(255, 255, 255)
        with self.table(
            col_widths=list(widths_mm),
            width=sum(widths_mm),
            align="L",
            text_align="L",
            line_height=4,
            padding=(0.5, 1.2, 0.5, 0),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="B", size_pt=7, color=SOFT),
        ) as table:
            for row in (head, *rows):
                table.row([self.letters(text) for text in row])
        self.ln(0.5)

    def tell_replaced(self) -> None:
        """Say how many letters are missing, so that nobody takes what is shown for all there is."""
        if self.letters.replaced:
            self.heading("Letters that are missing here")
            self.words(
                f"This file cannot show all characters: in {many(self.letters.replaced, 'place')} "
                f"{REPLACED} stands for one. The page, the tables, JSON and FHIR hold them all."
            )

    def _rule(self) -> None:
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())
        self.ln(0.8)
