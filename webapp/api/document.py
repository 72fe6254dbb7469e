"""The OpenAPI document: what the extension cannot tell from the code by itself.

It is served at `/api/v1/openapi.json` and is what the page `/api/docs` is made from.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from apiflask import APIFlask
from flask import Response, request

from webapp.api.schemas import Error
from webapp.errors import status_of
from webapp.etags import tagged
from webapp.gate import COOKIE as SESSION_COOKIE
from webapp.gate import CSRF_HEADER
from webapp.person import COOKIE, HEADER
from webapp.uploads import FIELD

Described = dict[str, str | dict[str, dict[str, Any]]]  # a response, as OpenAPI describes it

PATH = "/api/v1/openapi.json"
ABOUT = (
    "Everything that the pages of HematoVision do, for programs. "
    "For Research Use Only. Not for use in diagnostic procedures."
)
CONFIG = {
    "OPENAPI_VERSION": "3.1.0",
    "AUTO_SERVERS": False,  # it would keep the name that the first visitor called us by
    "SERVERS": [{"url": "/", "description": "This device"}],
    "AUTO_OPERATION_ID": True,
    "SECURITY_SCHEMES": {
        "X-Person": {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": "Who writes: a name, percent-encoded as UTF-8. It is no proof of it.",
        },
        "person": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "The same from a browser; `PUT /api/v1/person` sets it.",
        },
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token of an account. Where there are accounts, each request "
            "needs it or a session, and may what the role of its account may.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "The session of a browser that has signed in at `/sign-in`; over TLS "
            f"its name begins with `__Host-`. Writes need the header `{CSRF_HEADER}` too, as "
            "`GET /api/v1/session` tells it.",
        },
    },
    # Each route says which errors it has, in our shape.
    "AUTO_404_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "VALIDATION_ERROR_STATUS_CODE": 400,
}

PICTURE_TYPES = ("image/jpeg", "image/png", "image/bmp", "image/tiff", "image/webp")
SENT = ("bad_request", "empty", "no_images", "too_large")
UNREADABLE = ("too_many_pixels", "not_an_image", "truncated", "unsupported")
DECODING_ERRORS = (*SENT, *UNREADABLE, "busy")
PICTURE_ERRORS = (*DECODING_ERRORS, "bundle_missing", "bundle_damaged", "bundle_incompatible")
READS = ("busy", "database_damaged", "database_newer", "unreachable", "unwritable", "disk_full")
WRITES = (*READS, "no_person")
A_PERSON: list[str | dict[str, list[Any]]] = ["X-Person", "person", "token", "session"]  # any
A_TOKEN: list[str | dict[str, list[Any]]] = ["token"]
PNG: Described = {
    "description": "A picture",
    "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
}

UNCHANGED: Described = {
    "description": "Nothing has changed since the answer whose `ETag` was sent as `If-None-Match`"
}

_SEEN = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The `ETag` of the slide as it was seen: refused where it has changed since",
}
_ALWAYS = ("not_signed_in", "role_missing", "wrong_host", "internal")
_WRITES_ALWAYS = ("no_csrf", "wrong_origin", "other_person")
SHARED = (*_ALWAYS, *_WRITES_ALWAYS, *READS)  # a page for people tells them once
_OPTIONAL: list[dict[str, list[str]]] = [{}, {"token": []}, {"session": []}]
_WRITING = ("post", "put", "patch", "delete")


def errors(*codes: str) -> dict[int | str, Described]:
    """Describe the errors of a route, for `doc(responses=...)`.

    Args:
        codes: of `webapp.errors.STATUS`; those that any route may have are added by themselves.

    Returns:
        Status to a response that names its codes.
    """
    by_status = defaultdict[int, list[str]](list)
    for code in codes:
        by_status[status_of(code)].append(code)
    return {status: _error(names) for status, names in sorted(by_status.items())}


def describe(app: APIFlask) -> None:
    """Set the app up to describe itself."""
    app.config.update(CONFIG)
    app.config["DESCRIPTION"] = ABOUT
    app.config["SPEC_DECORATORS"] = [_tagged]
    app.spec_processor(_finish)


def _tagged(view: Callable[[], Response]) -> Callable[[], Response]:
    return lambda: tagged(view(), request)


def _finish(document: dict[str, Any] | str) -> dict[str, Any] | str:
    """Add what holds for every route, and the shape of errors."""
    assert isinstance(document, dict)  # noqa: S101 - a string only where YAML is asked for
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    described = Error.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(described.pop("$defs"), Error=described)
    document["security"] = _OPTIONAL  # of reads: needed only where there are accounts
    document["tags"] = list({tag["name"]: tag for tag in document["tags"]}.values())
    for operations in document["paths"].values():
        for method, operation in operations.items():
            codes = _ALWAYS + (_WRITES_ALWAYS if method in _WRITING else ())
            for status, response in errors(*codes).items():
                told = operation["responses"].setdefault(str(status), response)
                if told is not response:
                    told["description"] = f"{told['description']}, {response['description']}"
            operation.get("requestBody", {})["required"] = True
            for response in operation["responses"].values():
                if response.get("content") == {}:  # which the extension leaves where there is none
                    del response["content"]
            if "`changed`" in operation["responses"].get("409", {}).get("description", ""):
                operation.setdefault("parameters", []).append(_SEEN)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return document


def _error(codes: list[str]) -> Described:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": ", ".join(f"`{code}`" for code in codes), "content": content}


def _pictures(field: dict[str, Any], what: str) -> dict[str, Any]:
    """Describe a request of pictures: a form with files, or one picture as the body."""
    form = {
        "schema": {"type": "object", "properties": {FIELD: field}, "required": [FIELD]},
        "encoding": {FIELD: {"contentType": ", ".join(PICTURE_TYPES)}},
    }
    raw = {"schema": {"type": "string", "format": "binary"}}
    content = {"multipart/form-data": form, **dict.fromkeys(PICTURE_TYPES, raw)}
    return {"required": True, "description": what, "content": content}


_FILE = {"type": "string", "format": "binary"}
PICTURES = _pictures(
    {"type": "array", "items": _FILE, "minItems": 1},
    f"Pictures in the form field `{FIELD}`, which may stand several times, or one as the body",
)
A_PICTURE = _pictures(_FILE, f"One picture, in the form field `{FIELD}` or as the body")
