"""Accounts are kept by administrators on their page, and by API tokens programs sign in."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webapp.accounts.people import (
    PASSWORD,
    bearer,
    code_of,
    proof,
    send,
    signed_in,
    token_of,
    try_to_sign_in,
)
from webapp.bench import bench_of
from webapp.store.account_tables import TokenRow
from webapp.store.accounts import add_account, all_accounts
from webapp.store.audit import entries
from webapp.store.errors import StoreError
from webapp.store.passwords import hashed

SLIDES = "/api/v1/slides"
NEW = {"name": "Kim", "role": "viewer", "new": PASSWORD, "again": PASSWORD}


def id_of(app: Flask, name: str) -> int:
    with bench_of(app).reading() as session:
        return next(each.id for each in all_accounts(session) if each.name == name)


def do(client: FlaskClient, name: str, **form: str) -> tuple[int, str]:
    answer = send(client, f"/accounts/{id_of(client.application, name)}", **form)
    return answer.status_code, answer.text


def test_an_administrator_makes_accounts(guarded: Flask) -> None:
    client = signed_in(guarded, "Ada")
    assert send(client, "/accounts", **NEW).status_code == 303
    assert "Kim" in client.get("/accounts?kept=1").text
    assert signed_in(guarded, "kim").get("/api/v1/session").json["name"] == "Kim"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"name": "ADA"}, 409, "There is an account ADA already"),
        ({"name": " "}, 400, "the name cannot be used"),
        ({"role": "owner"}, 400, "is no role: choose viewer, technician"),
        ({"again": "other"}, 400, "was typed in two ways"),
        ({"name": "Some words"}, 400, "holds the account&#39;s name"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    guarded: Flask, changes: dict[str, str], status: int, words: str
) -> None:
    client = signed_in(guarded, "Ada")
    answer = send(client, "/accounts", **{**NEW, **changes})
    assert (answer.status_code, words in answer.text) == (status, True)
    with bench_of(guarded).reading() as session:
        assert len(all_accounts(session)) == 4


def test_a_refused_account_is_asked_for_again_in_its_role(guarded: Flask) -> None:
    answer = send(signed_in(guarded, "Ada"), "/accounts", **{**NEW, "again": "other"})
    form = answer.text[answer.text.index('id="add-title"') :]
    assert 'value="Kim"' in form
    assert '<option value="viewer" selected>' in form


@pytest.mark.parametrize(
    "password",
    [
        "administrator",
        "Technician2026!",
        "admin-password",
        "P@$$w0rd1234",
        "123456789012",
        "09876543210987",
        "qwertyuiop[]",
        "1q2w3e4r5t6y",
        "abcdefghijklm",
        "Kim Kim 12345",
        "my HematoVision words",
    ],
)
def test_a_password_that_is_tried_first_is_refused(guarded: Flask, password: str) -> None:
    client = signed_in(guarded, "Ada")
    answer = send(client, "/accounts", **{**NEW, "new": password, "again": password})
    assert answer.status_code == 400
    assert re.search("holds the account|is one that is tried first", answer.text)
    assert try_to_sign_in(guarded.test_client(), "Kim", password).status_code == 400


@pytest.mark.parametrize("password", ["839271056284", "a viewer of clouds", "q7#z!9(2)r-4"])
def test_a_password_may_be_of_any_characters(guarded: Flask, password: str) -> None:
    client = signed_in(guarded, "Ada")
    send(client, "/accounts", **{**NEW, "new": password, "again": password})
    assert signed_in(guarded, "Kim", password)


def test_the_first_account_is_an_administrators(app: Flask) -> None:
    with bench_of(app).writing() as session, pytest.raises(StoreError) as refused:
        add_account(session, "setup", "Vera", "viewer", hashed(PASSWORD, "Vera"))
    assert refused.value.code == "no_administrator"


def test_a_role_holds_at_once(guarded: Flask) -> None:
    ada, vera = signed_in(guarded, "Ada"), signed_in(guarded, "Vera")
    assert do(ada, "Vera", do="role", role="technician")[0] == 303
    assert vera.post(SLIDES, json={"label": "x"}, headers=proof(vera)).status_code == 201


def test_who_is_disabled_is_out_at_once_and_may_come_back(guarded: Flask) -> None:
    ada, tom = signed_in(guarded, "Ada"), signed_in(guarded, "Tom")
    headers = bearer(token_of(tom))
    assert do(ada, "Tom", do="disable")[0] == 303
    assert tom.get(SLIDES).status_code == 401
    assert guarded.test_client().get(SLIDES, headers=headers).status_code == 401
    assert try_to_sign_in(tom, "Tom").status_code == 400
    assert do(ada, "Tom", do="enable")[0] == 303
    assert tom.get(SLIDES).status_code == 401  # the old session stays ended
    assert signed_in(guarded, "Tom")


def test_a_device_has_a_token_and_nobody_signs_in_by_it(guarded: Flask) -> None:
    client = signed_in(guarded, "Ada")
    assert send(client, "/accounts", name="bench-2", role="device").status_code == 303
    status, page = do(client, "bench-2", do="token", purpose="records")
    found = re.search(r"hv_[\w-]{43}", page)
    assert found
    assert status == 200
    assert found[0] not in client.get("/accounts").text
    program = guarded.test_client()
    answer = program.post("/api/v1/received", json={}, headers=bearer(found[0]))
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")  # it is let in
    for password in ("", "nobody's", PASSWORD):
        assert try_to_sign_in(program, "bench-2", password).status_code == 400
    assert do(client, "bench-2", do="disable")[0] == 303
    assert program.post("/api/v1/received", headers=bearer(found[0])).status_code == 401


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("bench-2", {"do": "role", "role": "viewer"}, "stays the account of a device"),
        ("bench-2", {"do": "password", "new": PASSWORD, "again": PASSWORD}, "has no password"),
        ("Tom", {"do": "role", "role": "device"}, "stays the account of a person"),
        ("Tom", {"do": "token", "purpose": "x"}, "makes API tokens on the page of the account"),
    ],
)
def test_a_device_is_no_person(guarded: Flask, name: str, form: dict[str, str], words: str) -> None:
    client = signed_in(guarded, "Ada")
    send(client, "/accounts", name="bench-2", role="device")
    status, page = do(client, name, **form)
    assert (status, words in page) == (400, True)
    assert not re.search(r"hv_[\w-]{43}", page)


@pytest.mark.parametrize("form", [{"do": "disable"}, {"do": "role", "role": "viewer"}])
def test_the_last_administrator_stays(guarded: Flask, form: dict[str, str]) -> None:
    client = signed_in(guarded, "Ada")
    status, page = do(client, "Ada", **form)
    assert (status, "make another administrator first" in page) == (409, True)
    assert client.get("/accounts").status_code == 200


def test_an_administrator_gives_another_password(guarded: Flask) -> None:
    ada, tom = signed_in(guarded, "Ada"), signed_in(guarded, "Tom")
    given = "given words nobody guesses"
    assert do(ada, "Tom", do="password", new=given, again=given)[0] == 303
    assert tom.get(SLIDES).status_code == 401
    assert signed_in(guarded, "Tom", given)


def test_a_program_signs_in_by_a_token_which_is_shown_once(guarded: Flask) -> None:
    tom = signed_in(guarded, "Tom")
    token, program = token_of(tom, "lab system"), guarded.test_client()
    assert token not in tom.get("/account").text
    opened = program.post(SLIDES, json={"label": "x"}, headers={**bearer(token), "X-Person": "Eve"})
    assert opened.json["opened"]["by"] == "Tom"
    told = program.get("/api/v1/session", headers=bearer(token)).json
    assert told == {"name": "Tom", "role": "technician", "csrf": None}
    slide = f"{SLIDES}/{opened.json['id']}"
    refused = program.delete(slide, json={"reason": "no"}, headers=bearer(token))
    assert code_of(refused) == "role_missing"
    with bench_of(guarded).reading() as session:
        row = session.query(TokenRow).one()
        assert (row.used_at is not None, token in row.sha256) == (True, False)


@pytest.mark.parametrize("sent", ["Bearer hv_wrong", "Bearer ", "Bearer", "Basic QWRhOng=", "é"])
def test_what_is_no_token_opens_nothing(guarded: Flask, sent: str) -> None:
    answer = guarded.test_client().get(SLIDES, headers={"Authorization": sent})
    assert (answer.status_code, code_of(answer)) == (401, "not_signed_in")


def test_the_example_of_the_documentation_signs_a_program_in(guarded: Flask) -> None:
    tom = signed_in(guarded, "Tom")
    page = html.unescape(tom.get("/api/docs").text)
    found = re.search(r"curl -H '(Authorization): (Bearer TOKEN)' http://[^/]+([^<\s]+)", page)
    assert found
    headers = {found[1]: found[2].replace("TOKEN", token_of(tom))}
    assert guarded.test_client().get(found[3], headers=headers).json["name"] == "Tom"
    assert "It needs at least the role administrator." in page


def test_a_token_opens_no_page_and_makes_no_other(guarded: Flask) -> None:
    headers, program = bearer(token_of(signed_in(guarded, "Ada"))), guarded.test_client()
    assert program.get("/account", headers=headers).headers["Location"].startswith("/sign-in")
    for path in ("/account/tokens", "/accounts", "/account/password"):
        assert program.post(path, data={"name": "x"}, headers=headers).status_code == 401


def test_a_revoked_token_opens_nothing(guarded: Flask) -> None:
    tom, vera, ada = (signed_in(guarded, name) for name in ("Tom", "Vera", "Ada"))
    tokens = [token_of(tom), token_of(tom)]
    program = guarded.test_client()
    assert send(vera, "/account/tokens/1/revoke").status_code == 404  # it is not hers
    assert program.get(SLIDES, headers=bearer(tokens[0])).status_code == 200
    assert send(tom, "/account/tokens/1/revoke").status_code == 303
    assert send(ada, "/accounts/tokens/2/revoke").status_code == 303
    told = set()
    for token in (*tokens, "hv_that_never_was"):
        refused = program.get(SLIDES, headers=bearer(token))
        assert (refused.status_code, code_of(refused)) == (401, "not_signed_in")
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        told.add(refused.json["error"]["message"])
    (message,) = told  # a guesser learns nothing
    assert message.startswith("This API token is not known here, was revoked, or")
    assert "users token add NAME --for WHAT" in message
    assert "Nobody has signed in" in program.get(SLIDES).json["error"]["message"]
    assert tom.get("/account").text.count("revoked") == 2


def test_all_of_it_stands_in_the_trail_without_a_secret(guarded: Flask) -> None:
    ada = signed_in(guarded, "Ada")
    send(ada, "/accounts", **NEW)
    do(ada, "Kim", do="role", role="reviewer")
    do(ada, "Kim", do="password", new=PASSWORD, again=PASSWORD)
    do(ada, "Kim", do="disable")
    do(ada, "Kim", do="enable")
    token = token_of(ada, "lab")
    send(ada, "/account/tokens/1/revoke")
    try_to_sign_in(guarded.test_client(), "Kim", "wrong")
    send(ada, "/sign-out")
    with bench_of(guarded).reading() as session:
        told = entries(session).entries
    assert [each.action for each in reversed(told)][4:] == [
        "session.begin",
        "account.add",
        "account.role",
        "account.password",
        "account.disable",
        "account.enable",
        "token.add",
        "token.revoke",
        "session.refused",
        "session.end",
    ]
    whole = str([each.detail for each in told])
    assert PASSWORD not in whole
    assert token not in whole
    page = signed_in(guarded, "Ada").get("/history/trail").text
    words = re.sub("<[^>]+>", "", page)
    assert "Gave Kim the role reviewer instead of viewer" in words
    assert "Refused to sign in Kim from 192.0.2.7" in words
