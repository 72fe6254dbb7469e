"""What the PDF says, read back as text; and that it is the same for the same record."""

import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from runtime.differential import Share
from tests.webapp.records import CLASSES, count, record
from tests.webapp.serving import ROOT
from webapp.record import RESEARCH_USE, ReviewClass, SlideRecord
from webapp.report.letters import REPLACED, Letters
from webapp.report.pdf import pdf_of

SHAPES = find_spec("uharfbuzz") is not None
HASH = (
    "import hashlib; from tests.webapp.records import record; "
    "from webapp.report.pdf import pdf_of; print(hashlib.sha256(pdf_of(record(20))).hexdigest())"
)


def pages(whole: SlideRecord) -> list[str]:
    read = PdfReader(io.BytesIO(pdf_of(whole))).pages
    return [re.sub(r"[ \xa0]+", " ", page.extract_text()) for page in read]


def text(whole: SlideRecord) -> str:
    """All of it, in one line, as lines break where they must."""
    return " ".join(" ".join(pages(whole)).split())


def test_a_usual_report_is_two_pages_with_the_research_line_on_each() -> None:
    for status in ("open", "signed", "amended"):
        told = pages(record(status=status))
        assert len(told) == 2
        assert all(RESEARCH_USE in page for page in told)
        assert ["Page 1 of 2" in told[0], "Page 2 of 2" in told[1]] == [True, True]


def test_what_is_not_signed_says_so_on_each_page() -> None:
    for page in pages(record(status="open")):
        assert "PRELIMINARY, NOT SIGNED" in page
    assert "Nobody has signed this report. Of 220 white cells 22 were not yet" in text(
        record(status="open")
    )
    assert "PRELIMINARY" not in text(record())


def test_who_signed_when_and_why_again() -> None:
    told = text(record(status="amended"))
    assert "AMENDED revision 2" in told
    assert "Signed anew by Øystein Müller-Ağca, 2026-11-27 10:30 UTC" in told
    assert "Reason Two blasts were classed as lymphocytes" in told
    assert "Opened Jana Nováková 2026-11-27 08:30 UTC" in told
    assert "Reviewed 220 white cells Jana Nováková" in told


def test_the_persons_figures_stand_beside_the_models() -> None:
    whole = record()
    person, model = whole.by_person.white["monocyte"], whole.by_model.white["monocyte"]
    low, high = person.interval
    assert (
        f"Monocyte {person.n} {person.percent:.1f} {low:.1f} to {high:.1f} "
        f"{model.n} {model.percent:.1f}"
    ) in text(whole)
    band = whole.by_person.white["band_neutrophil"]
    assert re.search(rf"Band neutrophil {band.n} {band.percent:.1f} \S+ to \S+ - -", text(whole))


def test_models_scale_light_and_what_cannot_be_named() -> None:
    told = text(record())
    assert "pbc 1.6.0 int8 a1b2c3d4a1b2" in told
    assert re.search(r"field_001\.jpg 1920 x 1440 2026-11-27 08:31 6 0\.\d{4} \(0\.\d{3} to", told)
    assert re.search(r"red cells 1\.04:1\.00:0\.9\d usable", told)
    assert "field_007.jpg 1920 x 1440 2026-11-27 08:33 6 unknown - " in told
    assert "does not know them" in told
    assert "Band neutrophil, Blast, Atypical lymphocyte, Plasma cell." in told
    assert "≈ 63 platelets per 1000 red cells." in told
    assert "Estimates not counted" in told


def test_nothing_interprets() -> None:
    told = text(record()).lower()
    for word in ("reference range", "normal", "high", "abnormal", "elevated", "diagnosis"):
        assert word not in told


def test_a_slide_without_label_fields_and_cells() -> None:
    empty = record(
        0, "open", label="", note="", fields=[], models=[], per_field={},
        by_person=count([], 0), by_model=count([], 0),
    )  # fmt: skip
    told = text(empty)
    assert "Slide without a label" in told
    assert "Neutrophil 0 - -" in told


def test_many_classes_cells_and_fields_keep_their_rows_whole() -> None:
    more = [ReviewClass(f"c{n}", f"Class {n}", str(n), "#000", "white", False) for n in range(12)]
    whole = record(5000, classes=[*CLASSES, *more])
    white = {**whole.by_person.white, **dict.fromkeys([c.id for c in more], _zero(whole))}
    told = pages(replace(whole, by_person=replace(whole.by_person, white=white)))
    assert all(RESEARCH_USE in page for page in told)
    assert all("Picture Pixels Taken (UTC)" in page for page in told[2:])
    rows = re.findall(r"^(\d+) field_(\d+)\.jpg 1920 x 1440 ", "\n".join(told), re.M)
    assert [int(number) for number, _ in rows] == list(range(1, len(whole.fields) + 1))
    assert "Class 11 0 0.0" in " ".join(told)


def _zero(whole: SlideRecord) -> Share:
    return whole.by_person.white["plasma_cell"]


def test_letters_that_the_font_lacks_are_replaced_and_told() -> None:
    told = text(record(label="样本 7"))
    assert f"{REPLACED}{REPLACED} 7" in told
    assert "This file cannot show all characters" in told
    assert "cannot show all characters" not in text(record())


@pytest.mark.skipif(SHAPES, reason="uharfbuzz joins Arabic letters")
def test_arabic_is_not_set_backward() -> None:
    told = text(record(label="شريحة 12"))
    assert f"{REPLACED * 5} 12" in told
    assert "cannot show all characters" in told


@pytest.mark.skipif(not SHAPES, reason="uharfbuzz is not installed")
def test_arabic_is_set_joined() -> None:
    told = text(record(label="شريحة 12"))
    assert "شريحة" in told
    assert "cannot show all characters" not in told


def test_many_alphabets_are_shown() -> None:
    note = "Ünïcödé Ελληνικά Кириллица Tiếng Việt ≥ µm"
    assert note in text(record(note=note))


def test_long_words_and_notes_wrap() -> None:
    told = pages(record(label="L" * 120, note="n" * 500, reason="why " * 100))
    assert "".join(told).count("n" * 40) >= 5
    assert len(told) <= 3


def test_text_cannot_turn_its_direction() -> None:
    letters = Letters(set(range(0x3000)), shaped=True)
    assert letters("a\u202ecba") == f"a{REPLACED}cba"
    assert letters.replaced == 1


@settings(max_examples=8, deadline=None)
@given(st.text(max_size=500), st.text(max_size=60))
def test_any_text_is_set(note: str, label: str) -> None:
    assert RESEARCH_USE in pages(record(3, label=label, note=note))[0]


def test_the_same_record_gives_the_same_bytes_in_every_process() -> None:
    expected = hashlib.sha256(pdf_of(record(20))).hexdigest()
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", HASH],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == expected
