"""What devices have sent stands in the history, marked by device, with the reports as signed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import Engine
from tests.webapp.laboratory.laboratory import TOKEN
from tests.webapp.store.test_received import DEVICE, amend, outgoing, sign
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.settings import Settings
from webapp.store.database import FILE, Database
from webapp.store.outbox import Outgoing

TOKENS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def sent(tmp_path: Path, made: bytes) -> list[Outgoing]:
    """Two records of a slide, by a device."""
    (tmp_path / FILE).write_bytes(made)
    with Database.open(tmp_path) as database:
        amend(database, sign(database, tmp_path))
        return outgoing(database)


@pytest.fixture
def laboratory(data: Path, bundle: Path, engine: Engine) -> Iterator[Flask]:
    app = create_app(Settings(models=bundle.parent, data=data, receive_token=TOKEN), engine)
    yield app
    bench_of(app).close()


@pytest.fixture
def client(laboratory: Flask) -> FlaskClient:
    return laboratory.test_client()


def body(record: Outgoing, **changes: object) -> dict[str, object]:
    return {"device": DEVICE, "device_name": "bench-2", **asdict(record), **changes}


def post(client: FlaskClient, record: dict, status: int = 201, **headers: str) -> dict:
    answer = client.post("/api/v1/received", json=record, headers=headers or TOKENS)
    assert answer.status_code == status, answer.text
    told: dict = answer.json
    return told


def test_a_record_is_given_and_reported_as_it_was_signed(
    client: FlaskClient, sent: list[Outgoing]
) -> None:
    first, second = (post(client, body(record)) for record in sent)
    assert post(client, body(sent[1]), 200) == second
    assert (second["revision"], second["status"], second["device"]) == (2, "amended", DEVICE)
    given = client.get(f"/api/v1/received/{second['id']}")
    assert given.data == sent[1].content.encode()
    assert given.headers["ETag"] == f'"{sent[1].sha256}"'
    listed = client.get("/api/v1/received?label=CASE").json
    assert listed == {"records": [second, first], "after": None}
    address = f"/api/v1/received/{first['id']}"
    assert client.get(f"{address}/report.json").json == json.loads(sent[0].content)
    assert client.get(f"{address}/report.pdf").data.startswith(b"%PDF")
    assert client.get(f"{address}/report.fhir.json").json["resourceType"] == "Bundle"
    for file in ("report.csv", "cells.csv"):
        assert "neutrophil" in client.get(f"{address}/{file}").text.lower()
    assert client.get("/api/v1/received/9").status_code == 404


def test_the_history_shows_them_by_device(client: FlaskClient, sent: list[Outgoing]) -> None:
    assert "/history/received" not in client.get("/history").text
    assert "No device has sent a record yet" in client.get("/history/received").text
    ids = [post(client, body(record))["id"] for record in sent]
    assert "/history/received" in client.get("/history").text
    page = client.get("/history/received?label=case&person=Ada").text
    assert "bench-2" in page
    assert f'href="/received/{ids[0]}/report"' in page
    assert f'href="/received/{ids[1]}/report"' not in page  # which Zoë has signed
    assert "Nothing fits the search" in client.get("/history/received?label=other").text
    report = client.get(f"/received/{ids[1]}/report").text
    assert "case 1" in report
    assert f"/api/v1/received/{ids[1]}/report.pdf" in report
    assert "Received case 1, revision 2, record" in client.get("/history/trail").text


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer wrong", 401), ("Basic b3BlbiBzZXNhbWU=", 401), ("", 401), ("Bearer \xfc", 401),
     (f"bearer  {TOKEN}", 201)],
)  # fmt: skip
def test_only_who_has_the_token_may_send(
    client: FlaskClient, sent: list[Outgoing], header: str, status: int
) -> None:
    told = post(client, body(sent[0]), status, Authorization=header)
    assert status == 201 or told["error"]["code"] == "no_token"


def test_a_device_takes_no_records(settings: Settings, engine: Engine, sent: list) -> None:
    app = create_app(settings, engine)
    told = post(app.test_client(), body(sent[0]), 404)
    assert told["error"]["code"] == "not_receiving"
    bench_of(app).close()


@pytest.mark.parametrize(
    "changes",
    [{"device": "me"}, {"sha256": "0" * 64}, {"content": "{}"}, {"entry": 0}, {"after": "first"},
     {"device_name": "\n"}, {"more": 1}],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_not_kept(
    client: FlaskClient, sent: list[Outgoing], changes: dict[str, object]
) -> None:
    assert post(client, body(sent[0], **changes), 400)["error"]["code"] == "bad_request"
    assert client.get("/api/v1/received").json["records"] == []


def test_a_gap_is_told(client: FlaskClient, sent: list[Outgoing]) -> None:
    assert post(client, body(sent[1]), 409)["error"]["code"] == "gap"


def test_the_device_page_says_what_waits(
    bundle: Path, tmp_path: Path, engine: Engine, sent: list[Outgoing]
) -> None:
    assert sent
    app = create_app(
        Settings(models=bundle.parent, data=tmp_path, push_to="https://another", push_token=TOKEN),
        engine,
    )
    client = app.test_client()
    told = client.get("/api/v1/device")
    assert told.json["push"] == {
        "server": "https://another", "waiting": 2, "last": None, "problem": None, "again": None
    }  # fmt: skip
    page = client.get("/device").text
    assert "Records that wait" in page
    assert "https://another" in page
    assert TOKEN not in page + told.text
    bench_of(app).close()
