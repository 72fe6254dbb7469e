"""Who may write, and when: names, editions, two at once, a disk that is full."""

import shutil
import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from runtime import Detector, Engine
from tests.webapp.api.bench import API, Technician, drawn
from tests.webapp.pictures import upload
from tests.webapp.store.fields import add, analysis
from webapp.app import create_app
from webapp.bench import Bench, bench_of
from webapp.settings import Settings
from webapp.store.database import FILE

WRITES = [
    ("POST", "/slides", {"label": "A"}),
    ("PATCH", "/slides/1", {"label": "A"}),
    ("DELETE", "/slides/1", {"reason": "opened twice"}),
    ("POST", "/slides/1/fields", None),
    ("DELETE", "/fields/1", None),
    ("POST", "/slides/1/reviews", {"cells": [1], "class": None}),
    ("DELETE", "/slides/1/reviews/last", None),
    ("POST", "/slides/1/signatures", None),
    ("POST", "/slides/1/revisions", {"reason": "a mistake"}),
    ("POST", "/camera/captures", {"slide": 1}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_nobody_writes_without_a_name(app: Flask, method: str, path: str, body: object) -> None:
    client = app.test_client()
    response = client.open(API + path, method=method, json=body)
    assert (response.status_code, response.json["error"]["code"]) == (400, "no_person")
    client.put(f"{API}/person", json={"name": "Ada"})
    response = client.open(API + path, method=method, json=body)  # the cookie is a name too
    assert response.status_code == (201 if path == "/slides" else 404)


@pytest.mark.parametrize(("method", "path", "body"), WRITES[1:3] + WRITES[5:6] + WRITES[7:8])
def test_who_has_not_seen_the_slide_as_it_is_does_not_write(
    ada: Technician, app: Flask, method: str, path: str, body: object
) -> None:
    slide = ada.open_slide()
    with bench_of(app).writing() as session:
        add(session, Path(), slide, analysis())
    read = ada.ask("GET", f"/slides/{slide}")
    seen = read.headers["ETag"]
    ada.ask("PATCH", f"/slides/{slide}", json={"note": "thick"})
    assert ada.refused(method, path, 409, json=body, If_Match=seen) == "changed"
    assert ada.get(f"/slides/{slide}")["edition"] == read.json["edition"] + 1


def test_a_slide_is_sent_again_only_once_it_has_changed(ada: Technician) -> None:
    slide = f"/slides/{ada.open_slide()}"
    seen = ada.ask("GET", slide).headers["ETag"]
    assert ada.ask("GET", slide, 304, If_None_Match=seen).data == b""
    changed = ada.ask("PATCH", slide, json={"target": 200}, If_Match=seen)
    assert changed.json["target"] == 200
    again = ada.ask("GET", slide, If_None_Match=seen)
    assert again.headers["ETag"] == changed.headers["ETag"] != seen


def test_a_slide_is_sent_again_once_its_classes_have_changed(ada: Technician) -> None:
    slide = f"/slides/{ada.open_slide()}"
    seen = ada.ask("GET", slide).headers["ETag"]
    kept = ada.get("/options")["classes"]
    fewer = [each for each in kept if each["id"] != "plasma_cell"]
    ada.ask("PATCH", "/options", json={"classes": fewer})
    again = ada.ask("GET", slide, If_None_Match=seen)
    assert "plasma_cell" not in [each["id"] for each in again.json["classes"]]
    assert ada.ask("PATCH", slide, json={"note": "thick"}, If_Match=seen)  # the slide is the same


def test_of_many_who_write_at_once_one_wins(app: Flask, ada: Technician) -> None:
    slide = f"/slides/{ada.open_slide()}"
    seen = ada.ask("GET", slide).headers["ETag"]
    ready, answers = threading.Barrier(6), list[int]()

    def write(number: int) -> None:
        client, headers = app.test_client(), {"X-Person": f"P{number}", "If-Match": seen}
        ready.wait()
        told = client.patch(f"{API}{slide}", json={"note": f"note {number}"}, headers=headers)
        answers.append(told.status_code)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 5
    assert ada.get(slide)["edition"] == 2


def test_fields_that_come_at_once_are_all_kept(app: Flask, ada: Technician) -> None:
    slide = ada.open_slide()
    threads = [
        threading.Thread(target=Technician(app, f"P{seed}").add, args=(slide, seed))
        for seed in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = ada.get(f"/slides/{slide}")
    fields = ada.get(f"/slides/{slide}/fields")["fields"]
    assert [field["number"] for field in fields] == [1, 2]
    assert {field["taken"]["by"] for field in fields} == {"P0", "P1"}
    assert told["progress"]["cells"] == sum(field["counts"]["wbc"] for field in fields)


def test_a_bad_picture_costs_its_own_answer(ada: Technician) -> None:
    slide = ada.open_slide()
    path = f"/slides/{slide}/fields"
    good = ada.add(slide, 0)["results"][0]
    pictures = upload(("notes.txt", b"no picture"), ("again.jpg", _picture(ada, good)))
    bad, again = ada.ask("POST", path, data=pictures).json["results"]
    assert bad["error"]["code"] == "not_an_image"
    assert again["picture_sha256"] == good["picture_sha256"]
    assert again["id"] == good["id"]
    assert ada.refused("POST", path, 415, data=upload(("a.txt", b"no"))) == "not_an_image"
    assert ada.refused("POST", path, 400) == "no_images"
    assert ada.get(f"/slides/{slide}")["progress"]["fields"] == 1


def test_the_same_picture_is_one_field_however_often_it_is_sent(ada: Technician) -> None:
    slide = ada.open_slide()
    first = ada.add(slide, 0, 0)
    (field, twin), edition = first["results"], first["slide"]["edition"]
    assert (twin["id"], first["known"]) == (field["id"], [field["id"]])
    again = ada.add(slide, 0)
    assert (again["results"], again["known"]) == ([field], [field["id"]])
    assert (again["slide"]["progress"]["fields"], again["slide"]["edition"]) == (1, edition)
    assert ada.add(slide, 1)["known"] == []
    assert ada.add(ada.open_slide("another slide"), 0)["known"] == []


def _picture(ada: Technician, field: dict) -> bytes:
    return ada.ask("GET", f"/fields/{field['id']}/picture").data


def test_a_full_disk_keeps_nothing_of_a_request(ada: Technician, app: Flask) -> None:
    slide = ada.open_slide()
    _fill_disk(bench_of(app))
    pictures = upload(*[(f"{seed}.jpg", drawn(seed)) for seed in range(4)])
    assert ada.refused("POST", f"/slides/{slide}/fields", 507, data=pictures) == "disk_full"
    assert ada.get(f"/slides/{slide}")["progress"]["fields"] == 0


def _fill_disk(bench: Bench) -> None:
    """Leave the database a page to grow by."""
    with bench.writing() as session:
        connection = session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        full = f"PRAGMA max_page_count={pages + 1}"
        event.listen(connection.engine.pool, "connect", lambda made, _: made.execute(full))
    bench.close()  # the next connection is a new one


def test_a_damaged_database_stops_nothing_else(
    shipped: tuple[Engine, Detector], data: Path, bundle: Path
) -> None:
    (data / FILE).write_bytes(b"no database" * 999)
    ada = Technician(create_app(Settings(models=bundle.parent, data=data), *shipped), "Ada")
    for method, path, body in [("GET", "/slides", None), ("GET", "/slides/1", None), *WRITES]:
        assert ada.refused(method, path, 503, json=body) == "database_damaged"
    health = ada.get("/health")
    assert (health["status"], health["error"]["code"]) == ("degraded", "database_damaged")
    page = ada.client.get("/")
    assert page.status_code == 200
    assert "Nothing can be kept yet" in page.text
    assert ada.ask("POST", "/analyze", data=upload(("0.jpg", drawn(0))))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON (it is nested too deep)"),
        ("[]", "the body: should be a JSON object"),
        ('{"label": 3}', "label: "),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_plain_words(
    ada: Technician, body: str, words: str
) -> None:
    told = ada.ask("POST", "/slides", 400, data=body, content_type="application/json").json
    assert words in told["error"]["message"]
    assert "SlideWish" not in told["error"]["message"]


def test_nothing_is_said_to_be_kept_once_the_folder_is_gone(ada: Technician, data: Path) -> None:
    ada.open_slide()
    shutil.rmtree(data)
    assert ada.refused("POST", "/slides", 503, json={"label": "A"}) == "unwritable"
    health = ada.get("/health")
    assert (health["status"], health["error"]["code"]) == ("degraded", "unwritable")
    (step,) = ada.ask("POST", "/device/test", query_string={"step": "database"}).json["steps"]
    assert not step["ok"]
    assert "was removed or replaced" in step["message"]
    assert "was removed or replaced" in ada.client.get("/").text
