"""A record as a PDF: one or two A4 pages, more for a slide of very many fields."""

import dataclasses
from typing import Final

from fpdf import XPos, YPos

from webapp.record import SlideRecord
from webapp.report.paper import ACCENT, INK, LINE_MM, PALE, ROW_MM, SOFT, Paper
from webapp.report.sheet import FIELD_HEAD, NONE, Figure, Row, Sheet, last_act, sheet_of

NAME_MM, N_MM, VALUE_MM, INTERVAL_MM, BAR_MM = 46.0, 11.0, 14.0, 29.0, 46.0
MODEL_N_MM, MODEL_VALUE_MM = 14.0, 18.0
BAR_HEIGHT_MM: Final = 2.6
NO_LABEL: Final = "Slide without a label"


def pdf_of(record: SlideRecord) -> bytes:
    """Set a record as a PDF; the same record always gives the same bytes."""
    sheet = sheet_of(record)
    label = record.label.strip() or NO_LABEL
    running = f"{label} · revision {record.revision} · {sheet.state} · {record.uid}"
    if not sheet.signed:
        running = f"{sheet.state}, NOT SIGNED · {label} · {record.uid}"
    made = last_act(record)
    paper = Paper(f"{label}, white cell differential", running, made)
    _head(paper, label, sheet, record.revision)
    _facts(paper, sheet)
    _differential(paper, sheet)
    _beside(paper, sheet)
    _estimates(paper, sheet)
    paper.heading("What the model cannot name")
    paper.words(sheet.cannot_name)
    _acts(paper, sheet)
    _models(paper, sheet)
    _fields(paper, sheet)
    paper.tell_replaced()
    paper.ln(3)
    paper.face(7, color=SOFT)
    paper.cell(0, 4, sheet.closing)
    return bytes(paper.output())


def _head(paper: Paper, label: str, sheet: Sheet, revision: int) -> None:
    """Write what this is, of which slide, and beside it, framed, whether it is signed."""
    top, badge_mm = paper.get_y(), 58.0
    left_mm = paper.epw - badge_mm - 6
    paper.face(8, color=SOFT)
    paper.cell(left_mm, 4.5, "HematoVision · blood smear · white cell differential")
    paper.set_xy(paper.l_margin, top + 5.5)
    paper.face(17 if len(label) <= 40 else 11, bold=True)
    paper.multi_cell(
        left_mm, 7.5 if len(label) <= 40 else 5, paper.letters(label), align="L",
        new_x=XPos.LMARGIN, new_y=YPos.NEXT,
    )  # fmt: skip
    under_label = paper.get_y()
    _badge(paper, paper.l_margin + paper.epw - badge_mm, top, badge_mm, sheet, revision)
    paper.set_xy(paper.l_margin, max(under_label, top + 16) + 1.5)
    paper.words(sheet.state_line, 8.5, bold=not sheet.signed)


def _badge(paper: Paper, x: float, y: float, width_mm: float, sheet: Sheet, revision: int) -> None:
    """Frame the state: signed on dark ground, unsigned in a broken frame and in other words."""
    paper.set_draw_color(*INK)
    paper.set_line_width(0.6)
    if sheet.signed:
        paper.set_fill_color(*INK)
        paper.rect(x, y, width_mm, 15, style="DF")
        color, under = (255, 255, 255), f"revision {revision}"
    else:
        paper.set_dash_pattern(1.6, 1.2)
        paper.rect(x, y, width_mm, 15)
        paper.set_dash_pattern()
        color, under = INK, f"not signed · revision {revision}"
    paper.set_xy(x, y + 2)
    paper.face(13, bold=True, color=color)
    paper.cell(width_mm, 6.5, sheet.state, align="C", new_x=XPos.LEFT, new_y=YPos.NEXT)
    paper.face(8, color=color)
    paper.cell(width_mm, 4.5, under, align="C")


def _facts(paper: Paper, sheet: Sheet) -> None:
    paper.ln(2)
    for name, value in sheet.facts.items():
        paper.face(8, color=SOFT)
        paper.cell(24, LINE_MM, name)
        paper.face(8)
        paper.multi_cell(
            0, LINE_MM, paper.letters(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )


def _differential(paper: Paper, sheet: Sheet) -> None:
    paper.heading("Differential", "percent of the white cells that were counted")
    _figures_head(paper, "%", "model %")
    for row in sheet.white:
        _figures(paper, row)
    paper.set_line_width(0.3)
    paper.set_draw_color(*INK)
    paper.line(paper.l_margin, paper.get_y(), paper.l_margin + paper.epw, paper.get_y())
    for name, (person, model) in (
        ("Counted", sheet.counted),
        ("Unidentified, not counted", sheet.unidentified),
    ):
        _figures(paper, Row(name, Figure(str(person), "", ""), Figure(str(model), "", "")))
    paper.ln(0.5)
    paper.face(7, color=SOFT)
    paper.cell(
        0, 4,
        "Bar: the person's percentage, 0 to 100; line: its exact 95 % interval; "
        "open circle: the model's percentage.",
        new_x=XPos.LMARGIN, new_y=YPos.NEXT,
    )  # fmt: skip


def _beside(paper: Paper, sheet: Sheet) -> None:
    if sheet.beside:
        paper.heading("Beside the differential", "for each 100 white cells, not part of them")
        _figures_head(paper, "per 100", "per 100")
        for row in sheet.beside:
            _figures(paper, row, bar=False)


def _figures_head(paper: Paper, value: str, value_of_model: str) -> None:
    paper.face(7.5, bold=True, color=SOFT)
    paper.cell(NAME_MM, ROW_MM, "")
    paper.cell(N_MM, ROW_MM, "n", align="R")
    paper.cell(VALUE_MM, ROW_MM, value, align="R")
    paper.cell(INTERVAL_MM, ROW_MM, "95 % interval", align="R")
    paper.cell(BAR_MM, ROW_MM, "")
    paper.cell(MODEL_N_MM, ROW_MM, "model n", align="R")
    paper.cell(
        MODEL_VALUE_MM, ROW_MM, value_of_model, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )


def _figures(paper: Paper, row: Row, *, bar: bool = True) -> None:
    """Write a class in one line: the person's figures, a bar, the model's figures."""
    if paper.will_page_break(ROW_MM):
        paper.add_page()
    person, model = (each or Figure(NONE, NONE, NONE) for each in (row.person, row.model))
    paper.face(8.5)
    paper.cell(NAME_MM, ROW_MM, paper.cut(paper.letters(row.title), NAME_MM - 1))
    paper.cell(N_MM, ROW_MM, person.n, align="R")
    paper.face(8.5, bold=True)
    paper.cell(VALUE_MM, ROW_MM, person.value, align="R")
    paper.face(8)
    paper.cell(INTERVAL_MM, ROW_MM, person.interval, align="R")
    if bar and person.share is not None:
        _bar(paper, paper.get_x() + 3, paper.get_y(), person, model)
    paper.cell(BAR_MM, ROW_MM, "")
    paper.face(8, color=SOFT)
    paper.cell(MODEL_N_MM, ROW_MM, model.n, align="R")
    paper.cell(MODEL_VALUE_MM, ROW_MM, model.value, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _bar(paper: Paper, x: float, y: float, person: Figure, model: Figure) -> None:
    """Draw a share from 0 to 100 % with its interval, and the model's as an open circle."""
    long = BAR_MM - 5
    middle, top = y + ROW_MM / 2, y + (ROW_MM - BAR_HEIGHT_MM) / 2
    paper.set_fill_color(*PALE)
    paper.rect(x, top, long, BAR_HEIGHT_MM, style="F")
    paper.set_fill_color(*ACCENT)
    paper.rect(x, top, long * (person.share or 0) / 100, BAR_HEIGHT_MM, style="F")
    paper.set_draw_color(*INK)
    paper.set_line_width(0.3)
    low, high = (x + long * (end or 0) / 100 for end in (person.low, person.high))
    paper.line(low, middle, high, middle)
    for end in (low, high):
        paper.line(end, middle - 0.8, end, middle + 0.8)
    if model.share is not None:
        paper.set_fill_color(255, 255, 255)
        paper.circle(x + long * model.share / 100, middle, 0.75, style="DF")


def _estimates(paper: Paper, sheet: Sheet) -> None:
    if sheet.estimates:
        paper.heading("Estimates", "not counted; good to a quarter or so, in the monolayer alone")
        for sentence in sheet.estimates:
            paper.words(f"≈ {sentence}")


def _acts(paper: Paper, sheet: Sheet) -> None:
    paper.heading("Who did what", rows=len(sheet.acts))
    paper.rows(["What", "Who", "When"], sheet.acts, [52, 56, 70])


def _models(paper: Paper, sheet: Sheet) -> None:
    if sheet.models:
        paper.heading("Models", rows=len(sheet.models))
        paper.rows(["Name", "Version", "Variant", "SHA-256"], sheet.models, [62, 32, 32, 52])


def _fields(paper: Paper, sheet: Sheet) -> None:
    if sheet.fields:
        paper.heading("Fields", "scale in micrometers per pixel; light as red : green : blue gains")
        paper.rows(
            FIELD_HEAD,
            [dataclasses.astuple(field) for field in sheet.fields],
            [7, 26, 18, 25, 10, 35, 16, 21, 20],
        )
