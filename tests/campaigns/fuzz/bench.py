"""What comes to the app: records read back, and whatever a request can hold."""

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from pydantic import JsonValue, TypeAdapter

from runtime import Detector, Engine
from runtime.images import quiet_pillow
from tests.campaigns.fuzz.pictures import encoded
from tests.campaigns.fuzz.target import Target, check_message
from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_squares import make_squares_detector
from tests.webapp.contract import CheckedClient
from tests.webapp.filled import fill
from tests.webapp.records import record
from webapp.app import create_app
from webapp.bench import EXTENSION, Bench, bench_of
from webapp.record_json import document_of, record_of
from webapp.settings import Settings

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=part"
RESTORED = 100  # requests after which slides are put back as they were
# Method, path and content type to bodies; slide 1 is signed, 2 is open, 3 gets deleted.
BODIES: dict[tuple[str, str, str], list[Any]] = {
    ("POST", "/api/v1/slides", JSON): [{"label": "26-0417", "note": "n", "target": 100}],
    ("PATCH", "/api/v1/slides/2", JSON): [{"label": "b", "note": "second smear", "target": 200}],
    ("DELETE", "/api/v1/slides/3", JSON): [{"reason": "opened twice"}],
    ("POST", "/api/v1/slides/2/reviews", JSON): [{"cells": [4, 5], "class": "blast"}],
    ("POST", "/api/v1/slides/1/revisions", JSON): [{"reason": "a blast was overlooked"}],
    ("POST", "/api/v1/slides/1/signatures", JSON): [{}],
    ("PATCH", "/api/v1/options", JSON): [
        {"keep_pictures": True, "retention_days": 365, "least_free_mb": 0},
        {
            "classes": [
                {"id": "blast", "title": "B", "key": "b", "color": "#be123c", "counts_as": "white"}
            ]
        },
    ],
    ("PUT", "/api/v1/person", JSON): [{"name": "Ada Lovelace"}],
    ("POST", "/api/v1/differential", JSON): [
        {"fields": [{"classes": {"neutrophil": 3}, "nrbc": 1, "unclassified": 0}]}
    ],
    ("PUT", "/api/v1/camera", JSON): [{"source": "browser", "size": [640, 480], "lock": False}],
    ("POST", "/api/v1/camera/captures", JSON): [{"slide": 2}],
    ("POST", "/device/options", FORM): [b"keep_pictures=on&retention_days=30&least_free_mb=5"],
    ("POST", "/history/2/delete", FORM): [b"reason=opened+twice&shown_person=Ada"],
    ("POST", "/api/v1/classify", MULTIPART): [],
    ("POST", "/api/v1/slides/2/fields", MULTIPART): [],
}
QUERIES: dict[str, list[bytes]] = {
    "/api/v1/slides": [
        b"label=26&class=blast&least=2&status=open&from=2026-01-01T00:00:00Z&limit=5"
    ],
    "/api/v1/slides.csv": [b"person=Ada&to=2027-01-01T00:00:00%2B01:00"],
    "/api/v1/slides/1/cells": [b"order=taken&class=blast&seen=true&after=0-1&limit=2"],
    "/api/v1/slides/1/report.json": [b"revision=1"],
    "/api/v1/audit": [b"slide=1&after=9&limit=3"],
    "/api/v1/cells/1/picture": [b"side=64"],
    "/api/v1/camera/look": [b"wait=0"],
    "/history": [b"label=26&from=2026-01-01&to=2027-01-01&class=blast&least=1&after=3"],
    "/history/trail": [b"slide=1"],
    "/slides/2/review": [b"only=unseen"],
}
HEADERS: dict[str, list[bytes]] = {
    "X-Person": [b"Ada", b"%C3%98ystein"],
    "Cookie": [b"person=Ada; theme=dark"],
    "If-Match": [b'"4-aaaaaaaaaaaa"', b"*"],
    "If-None-Match": [b'W/"4-aaaaaaaaaaaa", "x"'],
    "Host": [b"localhost:5000"],
    "Origin": [b"http://localhost"],
    "Accept-Language": [b"de-CH,de;q=0.9,en;q=0.8"],
    "Content-Type": [b"application/json; charset=utf-8"],
    "Range": [b"bytes=0-99"],
}


def records(folder: Path) -> Target:
    """Signed records as they are read back."""
    reader = TypeAdapter(dict[str, JsonValue])

    def run(_: str, content: bytes) -> None:
        try:
            document = reader.validate_python(json.loads(content))
        except (ValueError, RecursionError):  # which no document is made of
            return
        again = document_of(record_of(document))
        assert document_of(record_of(again)) == again

    return Target({"record": [json.dumps(document_of(record(12))).encode()]}, run)


def requests(folder: Path) -> Target:
    """Bodies of writes, queries of reads, headers: answered as documented, and never with 500."""
    quiet_pillow()
    tiny, squares = make_tiny_bundle(folder / "models"), make_squares_detector(folder / "models")
    app = create_app(
        Settings(models=tiny.parent, data=folder / "data"),
        Engine.load(tiny, threads=1),
        Detector.load(squares, threads=1),
    )
    app.test_client_class = CheckedClient
    failures = _Failures()
    logging.getLogger("webapp.errors").addHandler(failures)
    logging.getLogger("webapp.errors").propagate = False
    logging.getLogger("webapp.logs").propagate = False
    client, slides = app.test_client(), _Slides(app, folder / "data")
    asked = {**_bodies(), **_queries(), **_headers()}

    def ask(method: str, path: str, headers: Mapping[str, str], **options: Any) -> None:
        told = {"X-Person": "Ada", "Host": "localhost", **headers}
        response = client.open(path, method=method, headers=told, **options)
        failures.tell()
        assert response.status_code not in (500, 502, 504), response.text
        if response.status_code >= 400 and path.startswith("/api"):
            check_message(response.json["error"]["message"])

    def run(part: str, content: bytes) -> None:
        slides.restore()
        if part.startswith("header "):
            name = part.removeprefix("header ")
            value = content.translate(None, b"\r\n\0").decode("latin-1")
            if name == "Host" and "[" in value:  # over which werkzeug's test client stumbles
                return
            for method in ("GET", "PATCH"):
                ask(method, "/api/v1/slides/2", {name: value}, data=b"{}")
        elif part.startswith("GET "):
            ask("GET", part.removeprefix("GET "), {}, query_string=content.decode("latin-1"))
        else:
            method, path, kind = part.split(" ", 2)
            ask(method, path, {"Content-Type": kind}, data=content)

    return Target(asked, run)


def _bodies() -> dict[str, list[bytes]]:
    parted = [
        b'--part\r\nContent-Disposition: form-data; name="images"; filename="%b"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n%b\r\n--part--\r\n" % (name, encoded()["JPEG"])
        for name in (b"a.jpg", "Zelle\u202e.png".encode())
    ]
    return {
        " ".join(key): [
            each if isinstance(each, bytes) else json.dumps(each).encode() for each in seeds
        ]
        or parted
        for key, seeds in BODIES.items()
    }


def _queries() -> dict[str, list[bytes]]:
    return {f"GET {path}": seeds for path, seeds in QUERIES.items()}


def _headers() -> dict[str, list[bytes]]:
    return {f"header {name}": seeds for name, seeds in HEADERS.items()}


class _Slides:
    """Three slides, put back as they were now and then, and when one of them is gone."""

    def __init__(self, app: APIFlask, data: Path) -> None:
        self._app, self._data, self._kept = app, data, data.with_name("kept")
        fill(app, data / "pictures")
        bench_of(app).close()
        shutil.copytree(data, self._kept)
        self._asked = RESTORED  # so that the closed one is opened anew

    def restore(self) -> None:
        self._asked += 1
        if self._asked < RESTORED:
            return
        self._asked = 0
        bench_of(self._app).close()
        shutil.rmtree(self._data)
        shutil.copytree(self._kept, self._data)
        self._app.extensions[EXTENSION] = Bench.open(self._data)


class _Failures(logging.Handler):
    """Keeps the exception of a request that failed, to raise it where it is found."""

    def __init__(self) -> None:
        super().__init__()
        self._error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self._error = record.exc_info[1] if record.exc_info else None

    def tell(self) -> None:
        error, self._error = self._error, None
        if error:
            raise error
