"""The page of a report, in an app and on paper."""

from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.webapp.records import count, record
from webapp.record import RESEARCH_USE, SlideRecord
from webapp.report.page import page_of

FORMATS = {"PDF": "/slides/1/report.pdf", "Cells (CSV)": "/slides/1/report.csv"}


def page(app: Flask, whole: SlideRecord) -> str:
    with app.test_request_context():
        return page_of(whole, FORMATS, "/slides/1")


def test_it_says_what_the_record_says(app: Flask) -> None:
    told = page(app, record(status="amended"))
    for words in (
        "26-04711 A",
        "<strong>AMENDED</strong> <span>revision 2</span>",
        "Two blasts were classed as lymphocytes",
        "Øystein Müller-Ağca, 2026-11-27 10:30 UTC",
        "a1b2c3d4a1b2",
        "Band neutrophil, Blast, Atypical lymphocyte, Plasma cell",
        'href="/slides/1/report.pdf"',
        RESEARCH_USE,
    ):
        assert words in told
    assert "style=" not in told
    assert "not signed" not in told


def test_unsigned_is_said_in_words(app: Flask) -> None:
    told = page(app, record(status="open"))
    assert "<strong>PRELIMINARY</strong> <span>not signed" in told
    assert "Nobody has signed this report" in told


def test_what_people_type_is_text(app: Flask) -> None:
    told = page(app, record(2, label="<b>7</b>", note='"><script>'))
    assert "&lt;b&gt;7&lt;/b&gt;" in told
    assert "<script>" not in told


def test_a_slide_without_cells_has_a_page(app: Flask) -> None:
    empty = record(0, "open", label="", fields=[], by_person=count([], 0))
    assert "Slide without a label" in page(app, empty)


@pytest.mark.browser
def test_it_prints_with_the_research_line_and_without_navigation(
    live: str, browser: Browser, app: Flask
) -> None:
    sheet = browser.new_page()
    sheet.route("**/report-of-a-test", lambda route: route.fulfill(
        body=page(app, record(status="open")), content_type="text/html"
    ))  # fmt: skip
    sheet.goto(f"{live}/report-of-a-test")
    assert not Axe().run(sheet).response["violations"]
    printed = [p.extract_text() for p in PdfReader(BytesIO(sheet.pdf())).pages]
    assert len(printed) >= 2
    for each in printed:
        assert " ".join(each.split()).count(RESEARCH_USE) == 1
        assert "PRELIMINARY, not signed" in " ".join(each.split())
        assert "Back to the slide" not in each
    sheet.close()
