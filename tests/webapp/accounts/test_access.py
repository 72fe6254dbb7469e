"""Which role may what."""

import html
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.webapp.accounts.people import PEOPLE, bearer, code_of, proof, signed_in
from webapp.access import PUBLIC, ROLES, is_public, role_needed
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.settings import Settings
from webapp.store.accounts import add_account, is_at_least
from webapp.store.sessions import add_token

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
    }


def test_every_route_has_a_role_or_is_public(app: Flask) -> None:
    for method, rule in routes(app):
        decided = [is_public(method, rule), role_needed(method, rule) is not None]
        assert sum(decided) == 1, f"webapp/access.py must say who may {method} {rule}"


def test_no_route_is_decided_that_is_not_there_or_twice(app: Flask) -> None:
    decided = [route for named in (PUBLIC, *ROLES.values()) for route in named]
    assert len(decided) == len(set(decided))
    assert set(decided) == {f"{method} {rule}" for method, rule in routes(app)}


def test_only_reading_is_left_to_viewers() -> None:
    writes = {route for route in ROLES["viewer"] if not route.startswith("GET ")}
    assert writes == {
        "POST /account/password",
        "POST /account/tokens",
        "POST /account/tokens/<int:token_id>/revoke",
        "POST /sign-out",
        "PUT /api/v1/person",
    }


def asked(method: str, rule: str) -> str:
    ids = ("slide_id", "field_id", "cell_id", "token_id", "account_id", "received_id", "revision")
    for part in ids:
        rule = rule.replace(f"<int:{part}>", "999")
    return rule.replace("<name>", "no").replace("<file>", "no").replace("<label>", "no")


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_passes_where_it_may_and_nowhere_else(guarded: Flask, name: str) -> None:
    client = signed_in(guarded, name)
    headers = proof(client)
    for method, rule in sorted(routes(guarded)):
        if is_public(method, rule) or rule == "/sign-out":
            continue
        needed = role_needed(method, rule)
        assert needed
        response = client.open(asked(method, rule), method=method, headers=headers)
        refused = response.status_code == 403
        assert refused != is_at_least(PEOPLE[name], needed), f"{name}: {method} {rule}"
        response.close()


def test_a_device_passes_where_it_sends_records_and_nowhere_else(guarded: Flask) -> None:
    with bench_of(guarded).writing() as session:
        token = add_token(session, "Ada", add_account(session, "Ada", "bench", "device"), "records")
    client, passed = guarded.test_client(), set[str]()
    for method, rule in sorted(routes(guarded)):
        if is_public(method, rule):
            continue
        response = client.open(asked(method, rule), method=method, headers=bearer(token))
        if response.status_code not in (302, 401, 403):  # asked to sign in, or refused
            passed.add(f"{method} {rule}")
        response.close()
    assert passed == {"POST /api/v1/received"}


def test_strangers_pass_nowhere_but_to_sign_in(guarded: Flask) -> None:
    client = guarded.test_client()
    for method, rule in sorted(routes(guarded)):
        if is_public(method, rule):
            continue
        response = client.open(asked(method, rule), method=method)
        if rule.startswith("/api/v1"):
            assert (response.status_code, code_of(response)) == (401, "not_signed_in")
            assert response.headers["WWW-Authenticate"] == "Bearer"
        elif method == "GET":
            assert response.headers["Location"].startswith("/sign-in?next=/")
        else:
            assert response.status_code == 401
        assert not response.data.startswith(b"{") or b'"error"' in response.data


def test_strangers_find_out_nothing_about_what_is_there(guarded: Flask) -> None:
    client = guarded.test_client()
    assert client.get("/api/v1/nothing").status_code == 401
    assert client.get("/nothing").status_code == 302
    assert client.options("/api/v1/slides").status_code == 401
    health = client.get("/api/v1/health").json
    assert health["model"] is health["detector"] is None
    with client.get("/static/page.css") as sheet:
        assert sheet.status_code == 200


def test_strangers_are_told_the_codes_of_what_is_wrong_and_no_more(
    people: None, settings: Settings, tmp_path: Path
) -> None:
    app = create_app(replace(settings, model=tmp_path, models=tmp_path, detector=tmp_path))
    told = app.test_client().get("/api/v1/health").json
    assert {each["code"] for each in told["errors"]} == {"bundle_missing"}
    assert told["error"] == told["errors"][0]
    assert str(tmp_path) not in str(told)
    known = signed_in(app, "Vera").get("/api/v1/health").json
    assert str(tmp_path) in known["error"]["message"]
    assert len(known["errors"]) == len(told["errors"])


def test_a_route_that_nobody_decided_is_refused_to_all(guarded: Flask) -> None:
    guarded.add_url_rule("/forgotten", view_func=lambda: "open")
    assert signed_in(guarded, "Ada").get("/forgotten").status_code == 403


def test_what_a_role_may_not_do_says_which_one_may(guarded: Flask) -> None:
    client = signed_in(guarded, "Vera")
    refused = client.post("/api/v1/slides", json={"label": "x"}, headers=proof(client))
    assert (refused.status_code, code_of(refused)) == (403, "role_missing")
    words = "Vera has the role viewer, and this needs technician"
    assert words in refused.json["error"]["message"]
    assert client.get("/api/v1/slides").json["slides"] == []


def test_without_accounts_all_is_as_it_was(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/sign-in").headers["Location"] == "/slides"
    assert client.get("/api/v1/session").json == {"name": None, "role": None, "csrf": None}
    opened = client.post("/api/v1/slides", json={"label": "x"}, headers={"X-Person": "Eve"})
    assert opened.json["opened"]["by"] == "Eve"
    assert "users add NAME --role administrator --data " in client.get("/account").text
    assert client.get("/accounts").status_code == 404


def test_the_examples_of_the_api_sign_in_where_there_are_accounts(guarded: Flask) -> None:
    page = html.unescape(signed_in(guarded, "Ada").get("/api/docs").text)
    assert "Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{\"label\"" in page
    assert "curl -H 'X-Person:" not in page
