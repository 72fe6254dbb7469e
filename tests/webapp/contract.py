"""A test client that checks whatever the API answers against the document that it gives."""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from webapp.api.document import PATH
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.settings import Settings

ADDRESS = "urn:hematovision"
NO_PART = (PATH, "/api/docs")  # the document itself, and the page for people


@cache
def document() -> dict[str, Any]:
    """The document, which is the same for every app."""
    with TemporaryDirectory() as data:
        app = create_app(Settings(data=Path(data)))
        told: dict[str, Any] = FlaskClient(app).get(PATH).json
        bench_of(app).close()
    return told


def check(method: str, path: str, response: TestResponse) -> None:
    """Fail unless an answer is one that the document tells of."""
    if response.status_code >= 400:
        _fit({"$ref": f"{ADDRESS}#/components/schemas/Error"}, response.json)
    if (told := operation(method, path)) is None:
        return
    assert str(response.status_code) in told["responses"], f"{method} {path}: {response.status}"
    content = told["responses"][str(response.status_code)].get("content")
    if content is None:
        assert response.data == b""
        return
    assert response.mimetype in content, f"{method} {path}: {response.mimetype}"
    if response.mimetype == "application/json":
        place = f"{_pointer(path)}/{method.lower()}/responses/{response.status_code}"
        pointer = f"{place}/content/application~1json/schema"
        _fit({"$ref": f"{ADDRESS}#/paths/{pointer}"}, response.json)


def operation(method: str, path: str) -> dict[str, Any] | None:
    """Give what the document says of a method and a route, `{id}` in place of `<id>`."""
    told: dict[str, Any] | None = document()["paths"].get(path, {}).get(method.lower())
    return told


class CheckedClient(FlaskClient):
    """Checks the answers of the API."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        response = super().open(*args, **options)
        asked = response.request
        part = asked.path.startswith("/api/v1/") and asked.path not in NO_PART
        if part and asked.method not in ("HEAD", "OPTIONS"):
            check(asked.method, _route(self.application, asked.method, asked.path), response)
        return response


def _route(app: APIFlask, method: str, path: str) -> str:
    """Give the route that a path belongs to, as the document writes it."""
    adapter = app.url_map.bind("localhost")
    if not adapter.test(path, method):
        return path
    rule, _ = adapter.match(path, method, return_rule=True)
    return documented(str(rule))


def documented(rule: str) -> str:
    """Write a rule of Flask's as OpenAPI does."""
    return re.sub("<(?:[^<>]+:)?([^<>]+)>", r"{\1}", rule)


def _pointer(path: str) -> str:
    return path.replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _fit(schema: dict[str, Any], value: object) -> None:
    OAS31Validator(schema, registry=_registry()).validate(value)


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(ADDRESS, DRAFT202012.create_resource(document()))
