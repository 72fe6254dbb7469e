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
