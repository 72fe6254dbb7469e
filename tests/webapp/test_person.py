"""Who is at the device."""

import unicodedata
from urllib.parse import quote

import pytest
from flask import Request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from webapp.errors import RequestError
from webapp.person import person_of
from webapp.store.words import LONGEST_NAME, person_name

PERSON = "/api/v1/person"


def asked(headers: dict[str, str]) -> Request:
    return Request(EnvironBuilder(headers=headers).get_environ())


@given(st.text(min_size=1, max_size=100))
def test_a_name_is_refused_or_comes_back_in_one_form(text: str) -> None:
    try:
        name = person_name(text)
    except ValueError:
        return
    assert 1 <= len(name) <= LONGEST_NAME
    assert name == person_name(name) == " ".join(unicodedata.normalize("NFC", text).split())
    assert person_of(asked({"X-Person": quote(name)})) == name


@pytest.mark.parametrize(
    "sent", ["Zo%C3%AB", "Zoë".encode().decode("latin-1"), "Zoe%CC%88", "  Zo%C3%AB%20"]
)
def test_a_header_names_who_writes(sent: str) -> None:
    assert person_of(asked({"X-Person": sent})) == "Zoë"


@pytest.mark.parametrize("sent", ["", " ", "%FF", "a%00b", "a%0Ab", "%E2%80%AE", "a" * 81, "--"])
def test_what_is_no_name_is_refused(sent: str) -> None:
    with pytest.raises(RequestError) as refused:
        person_of(asked({"X-Person": sent}))
    assert refused.value.code == "no_person"


def test_nobody_is_refused_with_what_to_do() -> None:
    with pytest.raises(RequestError, match=r"X-Person.*PUT /api/v1/person"):
        person_of(asked({}))


def test_a_name_is_told_once_and_goes_with_every_request(client: FlaskClient) -> None:
    assert client.get(PERSON).json == {"name": None}
    response = client.put(PERSON, json={"name": " Łucja; Ωmega "})
    assert response.json == {"name": "Łucja; Ωmega"}
    cookie = response.headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert client.get(PERSON).json == {"name": "Łucja; Ωmega"}
    assert client.get(PERSON, headers={"X-Person": "Ada"}).json == {"name": "Ada"}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "x" * 81])
def test_a_name_that_no_record_can_hold_is_a_bad_request(client: FlaskClient, name: str) -> None:
    response = client.put(PERSON, json={"name": name})
    assert (response.status_code, response.json["error"]["code"]) == (400, "bad_request")
