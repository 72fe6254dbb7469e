"""A signed record is kept as JSON and reads back as it was."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.answers import to_json
from runtime.errors import HematoVisionError
from tests.webapp.records import record
from webapp.record import SlideRecord
from webapp.record_json import document_of, record_of

# What JSON keeps whole: 6 significant digits, milliseconds.
NUMBERS = st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.6g}"))
TIMES = st.datetimes(
    datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC), allow_imaginary=False
).map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000))
st.register_type_strategy(float, NUMBERS)
st.register_type_strategy(datetime, TIMES)
RECORDS = st.builds(SlideRecord, schema=st.just("hematovision.record/1"))

# A record is large and takes its time to be drawn.
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def as_lists(each: Any) -> Any:
    """Sequences come back as lists, which is what a record is compared with."""
    return record_of(document_of(each))


@FEW
@given(RECORDS)
def test_any_record_reads_back(each: SlideRecord) -> None:
    text = json.dumps(document_of(each))
    again = record_of(json.loads(text))
    assert json.dumps(document_of(again)) == text
    assert as_lists(again) == again


@FEW
@given(RECORDS)
def test_nothing_of_a_record_is_lost(each: SlideRecord) -> None:
    again = record_of(document_of(each))
    for field in fields(SlideRecord):
        kept, was = getattr(again, field.name), getattr(each, field.name)
        assert kept == (list(was) if isinstance(was, tuple) else was), field.name


def test_a_realistic_record_reads_back() -> None:
    whole = document_of(record())
    assert document_of(record_of(json.loads(json.dumps(whole)))) == whole
    assert whole["cells"][0]["seen"]["at"] == "2026-11-27T09:00:01.000Z"
    assert whole["signed"]["by"] == "Øystein Müller-Ağca"


def test_times_are_told_in_utc() -> None:
    at = datetime.fromisoformat("2026-11-27T10:00:00.1239+02:00")
    assert to_json({"at": at}) == {"at": "2026-11-27T08:00:00.123Z"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "hematovision.record/2"}, "record/2"),
        ({"schema": None}, "None"),
        ({"cells": [{}]}, "cells.0"),
        ({"status": "lost"}, "status"),
        ({"opened": {"by": "Ada", "at": "yesterday"}}, "opened.at"),
    ],
)
def test_a_damaged_record_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(HematoVisionError, match=words) as refused:
        record_of({**document_of(record()), **change})
    assert refused.value.code == "record_damaged"
    assert "\n" not in str(refused.value)
