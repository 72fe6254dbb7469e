"""The tables open right and whole in spreadsheets, whatever people have typed."""

import csv
import io
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webapp.records import count, record
from webapp.record import RESEARCH_USE, SlideRecord
from webapp.report.table import CELLS, DIFFERENTIAL, cells_csv, differential_csv

FORMULAS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 the full-width ones


def read(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def test_a_row_for_each_cell_with_all_that_is_known_of_it() -> None:
    whole = record()
    rows = read(cells_csv(whole))
    assert len(rows) == len(whole.cells) == 220
    first, cell = rows[0], whole.cells[0]
    assert tuple(first) == CELLS
    assert (first["slide"], first["revision"]) == (whole.uid, "1")
    assert first["record_status"] == "signed"
    assert (first["field"], first["source"]) == (str(cell.field), "field_002.jpg")
    assert (first["label"], first["given"]) == (cell.label, cell.given)
    assert float(first["x0"]) == float(f"{cell.box[0]:.6g}")
    assert (first["seen_by"], first["seen_at"]) == ("Jana Nováková", "2026-11-27T09:00:01.000Z")
    assert first["use"] == RESEARCH_USE


def test_a_cell_that_nobody_has_seen_has_no_person() -> None:
    unseen = [row for row in read(cells_csv(record(status="open"))) if not row["seen_at"]]
    assert len(unseen) == 22
    assert {(row["given"], row["seen_by"], row["record_status"]) for row in unseen} == {
        ("", "", "open")
    }


def test_the_differential_has_the_persons_count_and_the_models() -> None:
    rows = {row["class"]: row for row in read(differential_csv(record()))}
    assert tuple(rows["band_neutrophil"]) == DIFFERENTIAL
    neutrophil = rows["neutrophil"]
    assert (neutrophil["unit"], neutrophil["title"]) == ("%", "Neutrophil")
    share = 100 * int(neutrophil["person_n"]) / 205
    assert float(neutrophil["person_value"]) == float(f"{share:.6g}")
    assert float(neutrophil["model_low"]) < float(neutrophil["model_value"])
    assert rows["band_neutrophil"]["model_n"] == ""
    assert rows["smudge_cell"]["unit"] == "/100 WBC"
    assert (rows["unidentified"]["person_n"], rows["unidentified"]["unit"]) == ("0", "")


def test_tables_of_a_slide_without_cells() -> None:
    empty = record(0, status="open", fields=[], by_person=count([], 0), by_model=count([], 3))
    assert read(cells_csv(empty)) == []
    rows = {row["class"]: row for row in read(differential_csv(empty))}
    assert (rows["neutrophil"]["person_n"], rows["neutrophil"]["person_value"]) == ("0", "")
    assert rows["unidentified"]["model_n"] == "3"


def test_the_file_is_what_excel_and_the_rfc_ask_for() -> None:
    table = cells_csv(record(5))
    assert table.startswith(b"\xef\xbb\xbfslide,")
    assert table.count(b"\r\n") == table.count(b"\n") == 6


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(min_size=1), st.sampled_from(["", *FORMULAS]))
def test_any_text_comes_back_and_none_is_run(label: str, source: str, start: str) -> None:
    whole = odd(f"{start}{label}", f"{start}{source}")
    for row in read(cells_csv(whole)):
        for text, told in ((f"{start}{label}", row["slide_label"]), (source, row["source"])):
            assert not told.startswith(tuple(FORMULAS))
            assert told.removeprefix("'").endswith(text.removeprefix("'"))


def odd(label: str, source: str) -> SlideRecord:
    whole = record(2)
    return replace(whole, label=label, fields=[replace(f, source=source) for f in whole.fields])
