"""What devices have sent stands in the history, marked by device, with the reports as signed."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import Engine
from tests.webapp.accounts.people import PASSWORD, proof, signed_in
from tests.webapp.laboratory.laboratory import DEVICE_ACCOUNT, TOKEN, device_token
from tests.webapp.store.test_received import DEVICE, amend, outgoing, sign
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.settings import Settings
from webapp.store.accounts import PEOPLE, Role, add_account
from webapp.store.database import FILE, Database
from webapp.store.outbox import Outgoing
from webapp.store.passwords import hashed
from webapp.store.sessions import add_token, revoke_token


@pytest.fixture
def sent(tmp_path: Path, made: bytes) -> list[Outgoing]:
    """Two records of a slide, by a device."""
    (tmp_path / FILE).write_bytes(made)
    with Database.open(tmp_path) as database:
        amend(database, sign(database, tmp_path))
        return outgoing(database)


@pytest.fixture
def token(data: Path) -> str:
    """The API token of the device's account on the laboratory's server."""
    return device_token(data)


@pytest.fixture
def laboratory(token: str, data: Path, bundle: Path, engine: Engine) -> Iterator[Flask]:
    assert token
    app = create_app(Settings(models=bundle.parent, data=data), engine)
    yield app
    bench_of(app).close()


@pytest.fixture
def client(laboratory: Flask) -> FlaskClient:
    """Ada's browser."""
    return signed_in(laboratory, "Ada")


@pytest.fixture
def bench(laboratory: Flask, token: str) -> FlaskClient:
    """The device, which sends its token with each request."""
    sender = laboratory.test_client()
    sender.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return sender


def body(record: Outgoing, **changes: object) -> dict[str, object]:
    return {"device": DEVICE, "device_name": "bench-2", **asdict(record), **changes}


def post(client: FlaskClient, record: dict, status: int = 201, **headers: str) -> dict:
    answer = client.post("/api/v1/received", json=record, headers=headers)
    assert answer.status_code == status, answer.text
    told: dict = answer.json
    return told


def test_a_record_is_given_and_reported_as_it_was_signed(
    client: FlaskClient, bench: FlaskClient, sent: list[Outgoing]
) -> None:
    first, second = (post(bench, body(record)) for record in sent)
    assert post(bench, body(sent[1]), 200) == second
    assert (second["revision"], second["status"], second["device"]) == (2, "amended", DEVICE)
    assert second["account"] == DEVICE_ACCOUNT
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


def test_the_history_shows_them_by_device(
    client: FlaskClient, bench: FlaskClient, sent: list[Outgoing]
) -> None:
    assert "/history/received" not in client.get("/history").text
    assert "No slide was counted yet" in client.get("/history").text
    assert "/history/received" not in client.get("/device").text
    assert "No device has sent a record yet" in client.get("/history/received").text
    ids = [post(bench, body(record, device_name="slow one"))["id"] for record in sent]
    history = client.get("/history").text
    assert "2 records were sent here by devices." in history
    assert "/history/received" in history
    assert "No slide was counted on this computer yet" in history
    assert client.get("/api/v1/device").json["store"]["holds"]["received"] == 2
    assert '<dd><a href="/history/received">2</a></dd>' in client.get("/device").text
    page = client.get("/history/received?label=case&person=Ada").text
    assert "slow one" in page
    assert f'sent by <span dir="auto" translate="no">{DEVICE_ACCOUNT}</span>' in page
    search = "?label=case&amp;person=Ada"
    assert f'href="/received/{ids[0]}/report{search}"' in page
    assert f'href="/received/{ids[1]}/report' not in page  # which Zoë has signed
    assert "Nothing fits the search" in client.get("/history/received?label=other").text
    report = client.get(f"/received/{ids[1]}/report").text
    assert "case 1" in report
    assert '<dt>Device</dt><dd dir="auto" translate="no">slow one</dd>' in report
    assert f'<dt>Sent by</dt><dd dir="auto" translate="no">{DEVICE_ACCOUNT}</dd>' in report
    assert 'href="/history/received">Back to the records from devices</a>' in report
    assert "Back to the slide" not in report
    assert f"/api/v1/received/{ids[1]}/report.pdf" in report
    report = client.get(f"/received/{ids[0]}/report?label=case&person=Ada&after=9&more=1").text
    assert f'href="/history/received{search}&amp;after=9">Back to' in report
    trail = client.get("/history/trail").text
    assert f"Received case 1, revision 2, record {sent[1].sha256[:12]} (slow one)" in trail


@pytest.mark.parametrize(
    "header",
    ["Bearer hv_wrong", "Basic YmVuY2gtMjp3b3Jkcw==", "", "Bearer \xfc"],
)
def test_who_shows_no_token_of_this_server_sends_nothing(
    laboratory: Flask, sent: list[Outgoing], header: str
) -> None:
    told = post(laboratory.test_client(), body(sent[0]), 401, Authorization=header)
    assert told["error"]["code"] == "not_signed_in"


def test_a_token_is_revoked_for_one_device_alone(
    laboratory: Flask, bench: FlaskClient, sent: list[Outgoing]
) -> None:
    with bench_of(laboratory).writing() as session:
        other = add_token(session, "Ada", add_account(session, "Ada", "bench-3", "device"), "x")
        revoke_token(session, "Ada", 1)
    assert post(bench, body(sent[0]), 401)["error"]["code"] == "not_signed_in"
    assert post(laboratory.test_client(), body(sent[0]), Authorization=f"bearer  {other}")


@pytest.mark.parametrize("role", PEOPLE)
def test_people_send_no_records_by_token_or_browser(
    laboratory: Flask, client: FlaskClient, sent: list[Outgoing], role: Role
) -> None:
    with bench_of(laboratory).writing() as session:
        account = add_account(session, "Ada", "Kim", role, hashed(PASSWORD, "Kim"))
        token = add_token(session, "Ada", account, "x")
    headers = {"Authorization": f"Bearer {token}"}
    told = post(laboratory.test_client(), body(sent[0]), 403, **headers)
    assert told["error"]["code"] == "role_missing"
    assert f"Kim has the role {role}, and this needs device" in told["error"]["message"]
    browser = signed_in(laboratory, "Kim")
    assert post(browser, body(sent[0]), 403)["error"]["code"] == "no_csrf"
    assert post(browser, body(sent[0]), 403, **proof(browser))["error"]["code"] == "role_missing"
    assert client.get("/api/v1/received").json["records"] == []


def test_without_accounts_no_records_are_taken_and_the_next_step_is_told(
    settings: Settings, engine: Engine, sent: list
) -> None:
    app = create_app(settings, engine)
    assert post(app.test_client(), body(sent[0]), 401)["error"]["code"] == "not_signed_in"
    token = {"Authorization": f"Bearer {TOKEN}"}
    told = post(app.test_client(), body(sent[0]), 404, **token)
    assert told["error"]["code"] == "not_receiving"
    assert "users add NAME --role administrator --data" in told["error"]["message"]
    assert "on the page Accounts one for each device" in told["error"]["message"]
    bench_of(app).close()


@pytest.mark.parametrize(
    "changes",
    [{"device": "me"}, {"sha256": "0" * 64}, {"content": "{}"}, {"entry": 0}, {"after": "first"},
     {"device_name": "\n"}, {"more": 1}],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_not_kept(
    client: FlaskClient, bench: FlaskClient, sent: list[Outgoing], changes: dict[str, object]
) -> None:
    assert post(bench, body(sent[0], **changes), 400)["error"]["code"] == "bad_request"
    assert client.get("/api/v1/received").json["records"] == []


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("uid", "\ud800"), ("label", "\ud800"), ("note", "\ud800"), ("device", "\ud800"),
     ("signed", {"by": "\ud800", "at": "2026-01-01T00:00:00Z"}),
     ("signed", {"by": "Ada", "at": "9999-12-31T23:59:59-12:00"}),
     ("per_field", {"wbc": float("nan")}), ("per_field", {"wbc": float("inf")}),
     ("opened", {"by": "Ada", "at": "0001-01-01T00:00:00+12:00"})],
)  # fmt: skip
def test_what_no_report_could_show_is_refused_and_not_kept(
    client: FlaskClient, bench: FlaskClient, sent: list[Outgoing], key: str, wrong: object
) -> None:
    content = json.dumps(json.loads(sent[0].content) | {key: wrong})
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    told = post(bench, body(sent[0], content=content, sha256=sha256), 400)
    assert told["error"]["code"] == "bad_request"
    assert client.get("/api/v1/received").json["records"] == []


def test_a_gap_is_told(bench: FlaskClient, sent: list[Outgoing]) -> None:
    assert post(bench, body(sent[1]), 409)["error"]["code"] == "gap"


def test_the_device_page_says_what_waits(
    bundle: Path, tmp_path: Path, engine: Engine, sent: list[Outgoing]
) -> None:
    assert sent
    app = create_app(
        Settings(
            models=bundle.parent,
            data=tmp_path,
            push_to="https://another",
            push_token=TOKEN,
            push_name="bench 7",
        ),
        engine,
    )
    client = app.test_client()
    told = client.get("/api/v1/device")
    assert told.json["push"] == {
        "server": "https://another", "name": "bench 7", "waiting": 2, "refused": [],
        "damaged": 0, "last": None, "problem": None, "again": None
    }  # fmt: skip
    page = client.get("/device").text
    assert "Records that wait" in page
    assert "https://another" in page
    assert TOKEN not in page + told.text
    bench_of(app).close()
