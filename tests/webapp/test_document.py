"""The OpenAPI document is valid, tells of every route, and the routes do what it says."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema.exceptions import ValidationError
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from runtime import Detector, Engine
from runtime.images import encode
from tests.tiny_squares import draw_squares, make_squares_detector
from tests.webapp.contract import NO_PART, check, document, documented
from tests.webapp.pictures import png, upload
from webapp.api.document import PATH
from webapp.app import create_app
from webapp.errors import STATUS
from webapp.settings import Settings

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
OPERATIONS = [
    (method, path, told)
    for path, methods in document()["paths"].items()
    for method, told in methods.items()
]


@pytest.fixture(scope="module")
def field() -> bytes:
    return encode(draw_squares({(1, 2): "wbc", (3, 3): "rbc"}, zoom=4))


@pytest.fixture
def client(settings: Settings, engine: Engine, detector: Detector) -> FlaskClient:
    return create_app(settings, engine, detector).test_client()


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector.load(make_squares_detector(tmp_path_factory.mktemp("detectors")), threads=1)


def test_it_is_valid_openapi(client: FlaskClient) -> None:
    served = client.get(PATH).json
    assert served["openapi"].startswith("3.1")
    validate(served)


def test_it_tells_of_every_route_and_of_no_other(app: Flask) -> None:
    routes = {
        (method, documented(str(rule)))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/") and str(rule) not in NO_PART
        for method in (rule.methods or set()) & METHODS
    }
    assert {(method.upper(), path) for method, path, _ in OPERATIONS} == routes


@pytest.mark.parametrize(("method", "path", "told"), OPERATIONS)
def test_each_route_tells_all_of_itself(method: str, path: str, told: dict) -> None:
    assert told["summary"]
    assert told["tags"]
    placed = {p["name"] for p in told.get("parameters", []) if p["in"] == "path"}
    assert placed == set(re.findall("{(.+?)}", path))
    assert "requestBody" not in told or method != "get"
    assert any(status.startswith("2") for status in told["responses"])
    for status, response in told["responses"].items():
        codes = re.findall("`(.+?)`", response["description"]) if status >= "4" else []
        assert all(str(STATUS[code]) == status for code in codes)
        assert codes or status < "4"
    assert {"403", "500"} <= told["responses"].keys()


@pytest.mark.parametrize(("method", "path", "told"), OPERATIONS)
def test_documented_requests_are_answered_as_documented(
    method: str, path: str, told: dict, client: FlaskClient, field: bytes
) -> None:
    address = re.sub("{.+?}", "1", path)
    headers = {"X-Person": "Ada", "Authorization": "Bearer of nobody"} if "security" in told else {}
    content = told.get("requestBody", {}).get("content", {None: {}})
    for media, described in content.items():
        sent: dict[str, Any] = {"data": field, "content_type": media} if media else {}
        if media == "multipart/form-data":
            sent = {"data": upload(("field.png", field))}
        elif media == "application/json":
            sent = {"json": described["example"]}
        response = client.open(address, method=method, headers=headers, **sent)
        not_there_yet = response.status_code in (404, 409)  # nothing was done at the bench
        assert response.status_code < 300 or not_there_yet, response.text


@pytest.mark.parametrize("path", ["/api/v1/classify", "/api/v1/analyze", "/api/v1/explain"])
def test_an_answer_that_is_not_documented_is_found_out(client: FlaskClient, path: str) -> None:
    for status, body in ((418, "{}"), (200, '{"results": []}')):
        response = TestResponse([body.encode()], f"{status} ", {}, client.get("/").request)
        response.headers["Content-Type"] = "application/json"
        with pytest.raises((AssertionError, ValidationError)):
            check("POST", path, response)


def test_it_is_sent_once(client: FlaskClient) -> None:
    for path in (PATH, "/api/v1/models"):
        tag = client.get(path).headers["ETag"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"json": {}}, "name: Field required"),
        ({"json": {"name": "Ada", "age": 3}}, "age: Extra inputs"),
        ({"json": {"name": 3}}, "name: Input should be a valid string"),
        ({"json": []}, "the body: should be a JSON object"),
        ({"data": b"{", "content_type": "application/json"}, "is not JSON"),
    ],
)
def test_values_that_do_not_fit_are_a_bad_request(
    client: FlaskClient, sent: dict, words: str
) -> None:
    response = client.put("/api/v1/person", **sent)
    assert (response.status_code, response.json["error"]["code"]) == (400, "bad_request")
    assert words in response.json["error"]["message"]


def test_pictures_may_stand_several_times(client: FlaskClient) -> None:
    red = ("a.png", png("red"))
    assert len(client.post("/api/v1/classify", data=upload(red, red)).json["results"]) == 2
