"""A line of JSON for each request."""

import http.client
import json
import logging
import signal
import subprocess
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.webapp.contract import document
from tests.webapp.pictures import png, upload
from tests.webapp.serving import serving
from webapp.logs import JSONLines


@pytest.fixture(autouse=True)
def _asked_before() -> None:
    """The client asks for the document once, which is a request too."""
    document()


def lines(caplog: pytest.LogCaptureFixture) -> list[dict]:
    return [json.loads(JSONLines().format(record)) for record in caplog.records]


def test_a_request_is_noted_without_what_it_held(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "webapp"):
        response = app.test_client().post(
            "/api/v1/classify?label=secret",
            data=upload(("secret.png", png("red"))),
            headers={"X-Person": "Zo%C3%AB"},
        )
    (line,) = lines(caplog)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/api/v1/classify", 200)
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert (line["person"], line["level"]) == ("Zoë", "info")
    assert line["bytes"] == len(response.data)
    assert line["ms"] > 0
    assert datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0
    assert "secret" not in json.dumps(line)


def test_a_failure_is_noted_with_its_traceback(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/fail")
    def fail() -> str:
        raise RuntimeError("what happened\nin two lines")

    with caplog.at_level(logging.INFO, "webapp"):
        response = app.test_client().get("/fail")
    failed, noted = lines(caplog)
    assert failed["request_id"] == noted["request_id"] == response.headers["X-Request-ID"]
    assert (failed["level"], noted["status"]) == ("error", 500)
    assert "in fail" in failed["traceback"]
    assert "\n" not in JSONLines().format(caplog.records[0])


def test_a_request_of_another_name_is_noted_too(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "webapp"):
        app.test_client().get("/", headers={"Host": "evil.example"})
    (line,) = lines(caplog)
    assert (line["status"], "person" in line) == (403, False)


def test_a_server_writes_them_on_standard_error(bundle: Path) -> None:
    with serving(model=bundle, stderr=subprocess.PIPE) as (process, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("GET", "/api/v1/health?a=b")
        connection.getresponse().read()
        connection.putrequest("POST", "/api/v1/classify")
        connection.putheader("Content-Length", "90000000")
        connection.endheaders()
        connection.getresponse().read()
        connection.close()
        process.send_signal(signal.SIGTERM)
        _, written = process.communicate(timeout=20)
    answered, refused = (json.loads(line) for line in written.splitlines())
    assert (answered["path"], answered["status"]) == ("/api/v1/health", 200)
    assert (refused["path"], refused["status"]) == ("/api/v1/classify", 413)
