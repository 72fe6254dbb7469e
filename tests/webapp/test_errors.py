"""Every error has one shape under /api and a page elsewhere."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime.lines import LONGEST


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/v1/classify", 405, "method_not_allowed"),
    ],
)
def test_api_errors_have_one_shape(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert set(response.json) == {"error"}
    assert set(response.json["error"]) == {"code", "message", "request_id"}
    assert response.json["error"]["code"] == code


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    assert "POST" in client.get("/api/v1/classify").headers["Allow"]


def test_page_errors_are_pages(client: FlaskClient) -> None:
    response = client.get("/<script>")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "&lt;script&gt;" in response.text
    assert response.headers["X-Request-ID"] in response.text


def test_who_opens_the_answer_of_a_form_is_sent_to_the_form(client: FlaskClient) -> None:
    response = client.get("/device/push")
    assert response.status_code == 405
    assert "open the page that has the form again" in response.text
    assert "/api/docs" not in response.text.partition("<h1>")[2]


def test_an_unforeseen_error_is_logged_and_told_in_a_sentence(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/api/v1/fail")
    def fail() -> str:
        raise RuntimeError("secret detail")

    with caplog.at_level(logging.ERROR):
        response = app.test_client().get("/api/v1/fail")
    assert (response.status_code, response.json["error"]["code"]) == (500, "internal")
    assert "secret detail" not in response.text
    assert "secret detail" in caplog.text
    assert response.json["error"]["request_id"] in caplog.text


def test_what_is_wrong_with_a_body_is_said_in_one_line(client: FlaskClient) -> None:
    response = client.post("/api/v1/differential", json={"fields": [], "a\nb\x1d" * 2000: 1})
    message = response.json["error"]["message"]
    assert message.isprintable()
    assert len(message) <= LONGEST


@pytest.mark.parametrize("number", ["2147483648", "9999999999", "1" * 5000])
def test_there_is_nothing_at_a_number_beyond_all_ids(client: FlaskClient, number: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        response = client.open(f"/api/v1/slides/{number}", method=method, json={})
        assert (response.status_code, response.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("count", [False, "1", None, 1.5])
def test_what_is_no_whole_number_is_refused(client: FlaskClient, count: object) -> None:
    body = {"fields": [{"classes": {}, "nrbc": count}]}
    assert client.post("/api/v1/differential", json=body).status_code == 400


def test_a_number_is_whole_however_it_is_written(client: FlaskClient) -> None:
    body = {"fields": [{"classes": {"neutrophil": 2.0}, "nrbc": 1}]}
    assert client.post("/api/v1/differential", json=body).json["counted"] == 2


def test_a_body_of_null_is_refused(client: FlaskClient) -> None:
    response = client.patch(
        "/api/v1/options", data="null", content_type="application/json", headers={"X-Person": "A"}
    )
    assert (response.status_code, response.json["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("moment", ["0.5", "1769846400", "2026", "yesterday"])
def test_a_mere_number_is_no_time(client: FlaskClient, moment: str) -> None:
    assert client.get(f"/api/v1/slides?to={moment}").status_code == 400
