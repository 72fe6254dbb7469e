"""The bundle is valid R4, and says what the record says, in codes that others know."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.bundle import load_bundle
from tests.webapp.records import CLASSES, count, record
from webapp.record import RESEARCH_USE, SlideRecord
from webapp.report import codes
from webapp.report.codes import BESIDE, PANEL, STATUS, WHITE, code_of
from webapp.report.fhir import fhir_of
from webapp.store.options import OTHER, OWN, Options, review_classes


def bundle(whole: SlideRecord) -> dict[str, Any]:
    document = json.loads(fhir_of(whole))
    Bundle.model_validate(document)
    assert isinstance(document, dict)
    return document


def resources(whole: SlideRecord, kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle(whole)["entry"]]
    return [each for each in found if each["resourceType"] == kind]


def observations(whole: SlideRecord) -> dict[str, dict[str, Any]]:
    return {each["code"]["text"]: each for each in resources(whole, "Observation")}


# Copied from the lists of LOINC, apart from the program's own table.
REVIEWED = {
    "13046-8 atypical_lymphocyte", "26508-2 band_neutrophil", "30180-4 basophil", "26446-5 blast",
    "26450-7 eosinophil", "38518-7 ig", "26478-8 lymphocyte", "28541-1 metamyelocyte",
    "26485-3 monocyte", "26498-6 myelocyte", "26511-6 neutrophil", "13047-6 plasma_cell",
    "26524-9 promyelocyte", "26505-8 segmented_neutrophil", "19048-8 erythroblast",
    "34992-8 smudge_cell",
}  # fmt: skip


def test_codes_are_the_reviewed_ones() -> None:
    assert {f"{code.code} {each}" for each, code in {**WHITE, **BESIDE}.items()} == REVIEWED
    assert PANEL.code == "24318-8"
    assert STATUS == {"open": "preliminary", "signed": "final", "amended": "amended"}


@pytest.mark.parametrize("code", [*WHITE.values(), *BESIDE.values(), PANEL])
def test_the_last_digit_of_each_code_checks(code: codes.Code) -> None:
    """LOINC's check digit is Luhn's, which finds any digit that is mistyped."""
    digits, check = code.code.split("-")
    doubled = "".join(
        str(int(d) * (2 if place % 2 == 0 else 1)) for place, d in enumerate(reversed(digits))
    )
    assert (10 - sum(map(int, doubled)) % 10) % 10 == int(check)


def test_a_class_whose_parts_are_counted_beside_it_is_not_the_whole() -> None:
    assert code_of("neutrophil", {"neutrophil", "monocyte"}) == WHITE["neutrophil"]
    assert code_of("neutrophil", {"neutrophil", "band_neutrophil"}) == WHITE["segmented_neutrophil"]
    assert code_of("neutrophil", {"neutrophil", "band_neutrophil", "segmented_neutrophil"}) is None
    assert code_of("ig", {"ig"}) == WHITE["ig"]
    assert code_of("ig", {"ig", "myelocyte"}) is None
    assert code_of("erythroblast", {"neutrophil"}) == BESIDE["erythroblast"]
    assert code_of("hairy_cell", {"hairy_cell"}) is None


def test_the_classes_that_people_can_give_have_codes() -> None:
    classes = review_classes(Options(), load_bundle().classes)
    counted = {each.id for each in classes}
    coded = {each.id: code_of(each.id, counted) for each in classes}
    nameless = {name for name, code in coded.items() if code is None}
    assert nameless == {"platelet", "artefact", OTHER}
    assert coded["neutrophil"] == WHITE["segmented_neutrophil"]
    assert {each.id for each in OWN} - nameless <= {*WHITE, *BESIDE}


@pytest.mark.parametrize(
    ("status", "told"), [("open", "preliminary"), ("signed", "final"), ("amended", "amended")]
)
def test_the_status_is_that_of_the_record(status: str, told: str) -> None:
    whole = record(status=status)
    (report,) = resources(whole, "DiagnosticReport")
    assert report["status"] == told
    assert {each["status"] for each in observations(whole).values()} == {told}
    assert ("resultsInterpreter" in report) == (status != "open")


def test_each_class_is_an_observation_with_its_value_and_interval() -> None:
    whole = record()
    found = observations(whole)
    assert set(found) == {c.title for c in CLASSES if c.counts_as != "nothing"}
    value = found["Lymphocyte"]["valueQuantity"]
    assert value == {
        "value": round(whole.by_person.white["lymphocyte"].percent or 0, 1),
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }
    n, low, high = found["Lymphocyte"]["component"]
    assert n["valueInteger"] == whole.by_person.white["lymphocyte"].n
    assert low["valueQuantity"]["value"] < value["value"] < high["valueQuantity"]["value"]
    assert found["Erythroblast"]["valueQuantity"]["code"] == "/100{WBCs}"
    assert found["Erythroblast"]["code"]["coding"][0]["code"] == "19048-8"


def test_nothing_interprets() -> None:
    whole = fhir_of(record())
    for word in ("referenceRange", "interpretation", '"conclusion'):
        assert word not in whole


def test_each_result_is_marked_for_research() -> None:
    for each in (*resources(record(), "DiagnosticReport"), *observations(record()).values()):
        assert each["meta"]["tag"][0]["display"] == RESEARCH_USE


def test_every_reference_leads_to_an_entry() -> None:
    whole = bundle(record())
    addresses = {entry["fullUrl"] for entry in whole["entry"]}
    assert len(addresses) == len(whole["entry"])
    assert set(references(whole)) <= addresses


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("reference"), str):
            yield part["reference"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_an_amended_report_is_the_same_resource() -> None:
    ids = [
        [entry["fullUrl"] for entry in bundle(record(status=status))["entry"]]
        for status in ("signed", "amended")
    ]
    assert ids[0] == ids[1]


def test_of_no_cells_there_is_no_value() -> None:
    whole = record(0, status="open", label="", fields=[], by_person=count([], 0))
    found = observations(whole)["Neutrophil"]
    assert "valueQuantity" not in found
    assert found["dataAbsentReason"]["coding"][0]["code"] == "not-a-number"
    assert "accessionIdentifier" not in resources(whole, "Specimen")[0]


def test_an_end_that_nothing_bounds_is_infinite() -> None:
    found = observations(record(by_person=count(["erythroblast"] * 3, 0)))["Erythroblast"]
    _, low, high = found["component"]
    assert "valueQuantity" in low
    assert high["dataAbsentReason"]["coding"][0]["code"] == "positive-infinity"


def test_networks_are_devices_with_their_whole_hash() -> None:
    program, *networks = resources(record(), "Device")
    assert program["deviceName"][0]["name"] == "HematoVision 0.1.0"
    assert [n["identifier"][0]["value"] for n in networks] == ["3f" * 32, "a1b2c3d4" * 8]


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_text_is_valid(label: str, note: str, name: str) -> None:
    whole = record(3, label=label, note=note, device=name)
    text = json.dumps(bundle(whole), ensure_ascii=False)
    assert not re.search(r"[\x00-\x1f]", text)


def test_the_same_record_is_the_same_text() -> None:
    assert fhir_of(record()) == fhir_of(record())
