"""Only this computer's own pages may ask."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.webapp.pictures import png
from webapp.app import create_app
from webapp.security import host_name
from webapp.settings import Settings

CLASSIFY = "/api/v1/classify"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:5000", "LOCALHOST:80", "[::1]:5000", "[::1]", "[0:0::1]:1"]
)
def test_names_of_this_computer_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:5000", "evil@localhost",
     "localhost:x", "[::1", "[::2]:5000", "127.0.0.2", " ", "", "a..b", "a" * 64],
)  # fmt: skip
def test_other_names_are_not(client: FlaskClient, host: str) -> None:
    for path in ("/api/v1/health", "/api/v1/nothing"):
        response = client.get(path, headers={"Host": host})
        assert (response.status_code, response.json["error"]["code"]) == (403, "wrong_host")
    assert client.get("/", headers={"Host": host}).status_code == 403


def test_who_calls_it_by_another_name_is_told_what_to_open_and_how_to_allow_it(
    tmp_path: Path,
) -> None:
    for listens_on, port, here in (
        ("127.0.0.1", 5000, "http://localhost:5000"),
        ("127.0.0.1", 0, "http://localhost:5007"),
        ("0.0.0.0", 5000, "http://localhost:5000"),  # noqa: S104 - nothing listens
        ("192.0.2.7", 5000, "http://192.0.2.7:5000"),
        ("fe80::7", 5000, "http://[fe80::7]:5000"),
    ):
        client = create_app(Settings(host=listens_on, port=port, data=tmp_path)).test_client()
        for host, more in (
            ("Lab.example:5000", ", or have it started with --allow-host lab.example"),
            ("[fe80::1]:5000", ", or have it started with --allow-host fe80::1"),
            ("a b", ""),
        ):
            answer = client.get(
                "/api/v1/health",
                headers={"Host": host},
                environ_overrides={"SERVER_PORT": "5007"},
            )
            assert answer.json["error"]["message"].endswith(
                f": open {here} on the computer that it runs on{more}"
            )


def test_host_names_lose_port_and_case() -> None:
    assert host_name("LocalHost:5000") == "localhost"
    assert host_name("[0:0:0:0:0:0:0:1]:5000") == "::1"
    assert host_name("[::1]evil") is None
    assert host_name("[:::]") is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    ],
)
def test_a_page_of_another_site_may_not_post(client: FlaskClient, headers: dict[str, str]) -> None:
    for path in (CLASSIFY, "/"):
        assert client.post(path, data=png("red"), headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_page_and_plain_programs_may(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post(CLASSIFY, data=png("red"), headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/static/page.css", "/nothing"])
def test_every_response_is_locked_down(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Request-ID"]


def test_answers_are_not_cached_and_files_are_checked_again(client: FlaskClient) -> None:
    for path, told in (("/", "no-store"), ("/static/page.css", "no-cache")):
        with client.get(path) as response:
            assert response.headers["Cache-Control"] == told
