"""A record as FHIR R4: a Bundle with a DiagnosticReport and an Observation for each class.

What the person's count says is told, as hospital systems would take a second set of percentages,
the model's, for a second result. Estimates are left out for the same reason, reference ranges and
interpretations because the program knows none. Each observation holds its count and its 95 %
interval as components. The patient is unknown here, and `subject` is left to who knows.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from markupsafe import escape

from runtime.answers import ModelId, to_json
from runtime.differential import Share
from webapp.record import RESEARCH_USE, Beside, SlideRecord, value_of
from webapp.report.codes import (
    ABSENT,
    CATEGORY,
    CLASSES,
    HEMATOLOGY,
    LOINC,
    NO_LIMIT,
    NOT_A_NUMBER,
    PANEL,
    PARTS,
    PER_100_WBC,
    PERCENT,
    SHA256,
    SLIDES,
    STATUS,
    UCUM,
    USE,
    Code,
    Unit,
    code_of,
)
from webapp.report.sheet import last_act, sheet_of

DECIMALS: Final = 1  # of percentages, as on the page
XHTML: Final = "http://www.w3.org/1999/xhtml"
LABORATORY: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
    "code": "laboratory",
    "display": "Laboratory",
}
# What XML 1.0 cannot hold, which FHIR is exchanged in too.
_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Resource = dict[str, Any]


def fhir_of(record: SlideRecord) -> str:
    """Write a record as a FHIR R4 Bundle of type `collection`, in JSON.

    The same record always gives the same text, ids included.
    """
    from fhir.resources.R4B.bundle import Bundle  # takes half a second, and few ask for it

    bundle = _bundle(record)
    Bundle.model_validate(bundle)
    return json.dumps(bundle, ensure_ascii=False, indent=1)


def _bundle(record: SlideRecord) -> Resource:
    people = _people(record)
    program = _program(record)
    specimen = _specimen(record)
    observations = list(_observations(record, people, specimen, program))
    resources = [
        _report(record, people, specimen, observations),
        *observations,
        specimen,
        program,
        *(_model(record, model, program) for model in record.models),
        *people.values(),
    ]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": SLIDES, "value": f"{record.uid}/{record.revision}"},
        "type": "collection",
        "timestamp": _time(last_act(record)),
        "entry": [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources],
    }


def _report(
    record: SlideRecord,
    people: Mapping[str, Resource],
    specimen: Resource,
    observations: Iterable[Resource],
) -> Resource:
    report = {
        **_new(record, "DiagnosticReport"),
        "meta": _research_use(),
        "text": {"status": "additional", "div": _narrative(record)},
        "identifier": [{"system": SLIDES, "value": record.uid}],
        "status": STATUS[record.status],
        "category": [{"coding": [_coding(CATEGORY, HEMATOLOGY)]}],
        "code": {"coding": [_coding(LOINC, PANEL)], "text": "White cell differential"},
        "issued": _time(last_act(record)),
        "specimen": [_to(specimen)],
        "result": [_to(each) for each in observations],
    }
    if record.signed:
        report["resultsInterpreter"] = [_to(people[record.signed.by])]
    return report


def _observations(
    record: SlideRecord, people: Mapping[str, Resource], specimen: Resource, program: Resource
) -> Iterator[Resource]:
    """Give an observation for each class of the differential and for each told beside it."""
    seen_by = dict.fromkeys(cell.seen.by for cell in record.cells if cell.seen)
    titles = {each.id: each.title for each in record.classes}
    count = record.by_person
    told: dict[str, Share | Beside] = {**count.white, **count.beside}
    for class_id, found in told.items():
        unit = PERCENT if isinstance(found, Share) else PER_100_WBC
        known = code_of(class_id, count.white)
        codings = [_coding(LOINC, known)] if known else []
        title = _text(titles.get(class_id, "")) or class_id
        observation = {
            **_new(record, "Observation", class_id),
            "meta": _research_use(),
            "status": STATUS[record.status],
            "category": [{"coding": [LABORATORY]}],
            "code": {"coding": [*codings, _class(class_id, title)], "text": title},
            "issued": _time(last_act(record)),
            "specimen": _to(specimen),
            "device": _to(program),
            **_quantity(value_of(found), unit),
            "component": list(_components(found, unit)),
        }
        if seen_by:
            observation["performer"] = [_to(people[by]) for by in seen_by]
        yield observation


def _quantity(value: float | None, unit: Unit, absent: Code = NOT_A_NUMBER) -> Resource:
    """Give a rounded value with its unit, or why there is none."""
    if value is None:
        return {"dataAbsentReason": {"coding": [_coding(ABSENT, absent)]}}
    return {
        "valueQuantity": {
            "value": round(value, DECIMALS),
            "unit": unit.unit,
            "system": UCUM,
            "code": unit.code,
        }
    }


def _components(found: Share | Beside, unit: Unit) -> Iterator[Resource]:
    low, high = found.interval
    yield {"code": _part("count", "Cells of this class"), "valueInteger": found.n}
    yield {
        "code": _part("interval-low", "Lower end of the exact 95 % interval"),
        **_quantity(low, unit),
    }
    yield {
        "code": _part("interval-high", "Upper end of the exact 95 % interval"),
        **_quantity(high, unit, NOT_A_NUMBER if low is None else NO_LIMIT),
    }


def _specimen(record: SlideRecord) -> Resource:
    specimen = {
        **_new(record, "Specimen"),
        "identifier": [{"system": SLIDES, "value": record.uid}],
        "type": {"text": "Stained smear of blood"},
        "receivedTime": _time(record.opened.at),
    }
    label = _text(record.label)
    return {**specimen, "accessionIdentifier": {"value": label}} if label else specimen


def _program(record: SlideRecord) -> Resource:
    name = _text(record.device) or "HematoVision"
    return {
        **_new(record, "Device", "program"),
        "deviceName": [{"name": name, "type": "user-friendly-name"}],
        "type": {"text": "Program that counts cells of stained blood"},
        "note": [{"text": RESEARCH_USE}],
    }


def _model(record: SlideRecord, model: ModelId, program: Resource) -> Resource:
    return {
        **_new(record, "Device", model.sha256),
        "identifier": [{"system": SHA256, "value": model.sha256}],
        "deviceName": [{"name": f"{model.name}, {model.variant}", "type": "model-name"}],
        "type": {"text": "Neural network"},
        "version": [{"value": model.version}],
        "parent": _to(program),
    }


def _people(record: SlideRecord) -> dict[str, Resource]:
    """Give each who reviewed or signed."""
    names = [cell.seen.by for cell in record.cells if cell.seen]
    names += [record.signed.by] if record.signed else []
    return {
        name: {
            **_new(record, "Practitioner", name),
            "name": [{"text": _text(name) or "Unnamed"}],
        }
        for name in dict.fromkeys(names)
    }


def _new(record: SlideRecord, kind: str, which: str = "") -> Resource:
    """Begin a resource with an id that stays the same when the slide is signed and amended."""
    of = f"{SLIDES}:{record.uid}/{kind}/{which}"
    return {"resourceType": kind, "id": str(uuid5(NAMESPACE_URL, of))}


def _to(resource: Resource) -> Resource:
    return {"reference": f"urn:uuid:{resource['id']}"}


def _coding(system: str, code: Code) -> Resource:
    return {"system": system, "code": code.code, "display": code.display}


def _class(class_id: str, title: str) -> Resource:
    return {"system": CLASSES, "code": class_id, "display": title}


def _part(code: str, text: str) -> Resource:
    return {"coding": [{"system": PARTS, "code": code}], "text": text}


def _research_use() -> Resource:
    return {"tag": [{"system": USE, "code": "research", "display": RESEARCH_USE}]}


def _narrative(record: SlideRecord) -> str:
    """Say for people that it is for research, whether it is signed, and the person's words."""
    said = [RESEARCH_USE, sheet_of(record).state_line, record.reason, record.note]
    lines = "".join(f"<p>{escape(_text(each))}</p>" for each in said if _text(each))
    return f'<div xmlns="{XHTML}">{lines}</div>'


def _text(text: str) -> str:
    """Give a text in one line that FHIR takes, in XML too."""
    return _NO_TEXT.sub("\ufffd", " ".join(text.split()))


def _time(at: datetime) -> str:
    written: str = to_json(at)
    return written
