"""Writes to what has changed since it was seen are refused."""

import pytest
from flask import Request, Response
from werkzeug.test import EnvironBuilder

from webapp.errors import RequestError
from webapp.etags import check_seen, tagged


def asked(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(headers=named).get_environ())


@pytest.mark.parametrize(
    "seen",
    [
        {},
        {"If_Match": '"7"'},
        {"If_Match": "*"},
        {"If_Match": '"1", "7"'},
        {"If_Match": '"7-c0ffee"'},
    ],
)
def test_who_has_seen_it_may_write(seen: dict[str, str]) -> None:
    check_seen(asked(**seen), 7)


@pytest.mark.parametrize("seen", ['"6"', 'W/"7"', "7x", '"6-7"', '"77"', ""])
def test_who_has_seen_another_state_may_not(seen: str) -> None:
    with pytest.raises(RequestError) as refused:
        check_seen(asked(If_Match=seen), 7)
    assert refused.value.code == "changed"


def test_an_edition_is_the_tag() -> None:
    response = tagged(Response("body"), asked(If_None_Match='"6"'), 7)
    assert (response.status_code, response.headers["ETag"]) == (200, '"7"')
    assert tagged(Response("body"), asked(If_None_Match='"7"'), 7).status_code == 304


@pytest.mark.parametrize("seen", ["*", '"6"'])
def test_a_read_is_answered_whatever_a_write_would_have_seen(seen: str) -> None:
    assert tagged(Response("body"), asked(If_Match=seen), 7).status_code == 200


@pytest.mark.parametrize("seen", ['""', 'W/"x", ""'])
def test_an_empty_tag_names_no_state(seen: str) -> None:
    with pytest.raises(RequestError):
        check_seen(asked(If_Match=seen), 7)
