"""A slide from its label to its amended report, over HTTP alone."""

import csv
import hashlib
import io
import json

from fhir.resources.R4B.bundle import Bundle
from flask import Flask
from pypdf import PdfReader

from tests.webapp.api.bench import Technician


def test_a_slide_from_its_label_to_its_amended_report(ada: Technician, app: Flask) -> None:
    slide = ada.open_slide("26-0417", note="first smear", target=100)
    added = ada.add(slide, 0, 1, 2)
    assert [result["usable"] for result in added["results"]] == [True] * 3
    told = ada.get(f"/slides/{slide}")
    assert told == added["slide"]
    assert (told["progress"]["fields"], told["progress"]["seen"]) == (3, 0)
    assert {model["name"] for model in told["models"]} == {"fields", "pbc"}
    n = told["progress"]["cells"]
    assert n == sum(result["counts"]["wbc"] for result in added["results"]) > 3

    assert ada.refused("POST", f"/slides/{slide}/signatures", 409) == "not_seen"
    cells = [cell["id"] for cell in ada.cells(slide)]
    assert len(cells) == n
    ada.review(slide, cells, None)
    left = ada.get(f"/slides/{slide}")["progress"]["unidentified"]
    assert left == len(ada.cells(slide, **{"class": "unfamiliar"})) > 0
    assert ada.refused("POST", f"/slides/{slide}/signatures", 409) == "unidentified"
    ada.review(slide, cells[1:], "neutrophil")
    reviewed = ada.review(slide, cells[:1], "blast")
    assert reviewed["cells"][0]["named"] == reviewed["cells"][0]["given"] == "blast"
    assert reviewed["slide"]["by_person"]["white"]["blast"]["n"] == 1
    assert reviewed["slide"]["by_person"]["counted"] == n

    signed = ada.sign(slide)
    assert (signed["status"], signed["revision"]) == ("signed", 1)
    (entry,) = ada.get(f"/slides/{slide}/records")["records"]
    frozen = ada.ask("GET", f"/slides/{slide}/records/1")
    assert entry["signed"]["by"] == "Ada Lovelace"
    assert hashlib.sha256(frozen.data).hexdigest() == entry["sha256"]
    assert frozen.json == ada.get(f"/slides/{slide}/report.json")
    _reports_agree(ada, slide, n)

    assert ada.refused("POST", f"/slides/{slide}/reviews", 409, json=_wish(cells)) == "signed"
    reason = {"reason": "one cell was classed wrongly"}
    bob = Technician(app, "Bob")
    assert bob.ask("POST", f"/slides/{slide}/revisions", json=reason).json["status"] == "open"
    bob.review(slide, cells[:1], "monocyte")
    assert bob.get(f"/slides/{slide}/report.json")["signed"] is None
    assert bob.get(f"/slides/{slide}/report.json", revision=1) == frozen.json
    amended = bob.sign(slide)
    assert (amended["status"], amended["revision"]) == ("amended", 2)
    second = bob.get(f"/slides/{slide}/report.json")
    assert (second["reason"], second["signed"]["by"]) == (reason["reason"], "Bob")
    assert bob.ask("GET", f"/slides/{slide}/records/1").data == frozen.data
    assert [r["revision"] for r in bob.get(f"/slides/{slide}/records")["records"]] == [2, 1]

    found = ada.get(
        "/slides", label="0417", person="Bob", status="amended", **{"class": "monocyte"}
    )
    assert [each["id"] for each in found["slides"]] == [slide]
    assert ada.get("/slides", **{"class": "blast"})["slides"] == []

    ada.ask("DELETE", f"/slides/{slide}", 204, json={"reason": "wrong patient"})
    assert ada.refused("GET", f"/slides/{slide}", 404) == "not_found"
    assert ada.refused("GET", f"/fields/{added['results'][0]['id']}/picture", 404) == "not_found"
    assert ada.get("/slides")["slides"] == []


def _wish(cells: list[int]) -> dict[str, object]:
    return {"cells": cells, "class": "blast"}


def _reports_agree(ada: Technician, slide: int, n: int) -> None:
    """The reports of a signed slide of n cells, one of which is a blast, say the same."""
    told = ada.ask("GET", f"/slides/{slide}/report.csv")
    rows = list(csv.DictReader(io.StringIO(told.data.decode("utf-8-sig"))))
    assert {row["class"]: row["person_n"] for row in rows}["neutrophil"] == str(n - 1)
    assert told.headers["Content-Disposition"].startswith("attachment; filename=26-0417-r1.csv;")
    assert told.headers["Cache-Control"] == "no-store"
    cells = ada.ask("GET", f"/slides/{slide}/cells.csv").data.decode("utf-8-sig")
    given = [row["given"] for row in csv.DictReader(io.StringIO(cells))]
    assert sorted(given) == ["blast"] + ["neutrophil"] * (n - 1)
    pdf = ada.ask("GET", f"/slides/{slide}/report.pdf").data
    assert "26-0417" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    fhir = ada.ask("GET", f"/slides/{slide}/report.fhir.json")
    assert fhir.mimetype == "application/fhir+json"
    bundle = Bundle.model_validate(json.loads(fhir.data))
    assert bundle.entry[0].resource.status == "final"


def test_reports_of_an_open_slide_say_so(ada: Technician) -> None:
    slide = ada.open_slide("Größe/7: «naïve»")
    ada.add(slide, 0)
    assert ada.get(f"/slides/{slide}/report.json")["status"] == "open"
    pdf = ada.ask("GET", f"/slides/{slide}/report.pdf")
    assert "NOT SIGNED" in PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text().upper()
    named = pdf.headers["Content-Disposition"]
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe_7_na%C3%AFve-open.pdf" in named
    fhir = json.loads(ada.ask("GET", f"/slides/{slide}/report.fhir.json").data)
    assert fhir["entry"][0]["resource"]["status"] != "final"
    assert ada.refused("GET", f"/slides/{slide}/report.pdf", 404, query_string="revision=1")


def test_a_review_is_undone(ada: Technician, app: Flask) -> None:
    slide = ada.open_slide()
    ada.add(slide, 0)
    before = ada.cells(slide)
    ids = [cell["id"] for cell in before]
    ada.review(slide, ids, "blast")
    undone = ada.ask("DELETE", f"/slides/{slide}/reviews/last").json
    assert sorted(undone["cells"], key=lambda cell: ids.index(cell["id"])) == before
    last = f"/slides/{slide}/reviews/last"
    assert ada.refused("DELETE", last, 409) == "nothing_to_undo"


def test_a_field_is_taken_out_again(ada: Technician) -> None:
    slide = ada.open_slide()
    first, second = ada.add(slide, 0, 1)["results"]
    after = ada.ask("DELETE", f"/fields/{first['id']}").json
    assert after["progress"]["fields"] == 1
    (left,) = ada.get(f"/slides/{slide}/fields")["fields"]
    assert left == second
