"""The command and the server around the app."""

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from waitress.task import ThreadedTaskDispatcher

from tests.webapp.pictures import png
from tests.webapp.serving import ROOT, serving
from webapp import server
from webapp.addresses import AddressError, address_of, is_open
from webapp.cli import main, parse_args
from webapp.server import Server, listen
from webapp.settings import Settings


def test_flags_win_over_the_environment() -> None:
    environment = {"HEMATOVISION_HOST": "localhost", "HEMATOVISION_PORT": "6000"}
    assert parse_args([], {}).port == 5000
    assert parse_args([], {}).host == "127.0.0.1"
    assert parse_args([], environment).port == 6000
    assert parse_args(["--port", "7000"], environment).port == 7000
    assert parse_args([], environment).host == "localhost"


@pytest.mark.parametrize("package", ["flask", "waitress"])
def test_a_missing_package_is_said_in_one_line(package: str) -> None:
    code = "import sys; sys.modules[sys.argv.pop(1)] = None; import webapp.__main__"
    command = [sys.executable, "-c", code, package, "serve", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"the package {package} is missing" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["x", "-1", "65536", "²"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_args([], {"HEMATOVISION_PORT": port})
    assert "is not a port" in capsys.readouterr().err


def test_loopback_addresses_are_of_this_computer_alone() -> None:
    assert address_of("localhost") in ("127.0.0.1", "::1")
    assert address_of("127.0.0.3") == "127.0.0.3"
    for host in ("localhost", "127.0.0.3", "::1"):
        assert not is_open(Settings(host=host))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(host="0.0.0.0"),  # noqa: S104
        Settings(host="::"),
        Settings(host="192.0.2.1"),
        Settings(allow_hosts=("lab.example",)),
        Settings(proxy="127.0.0.1"),
    ],
)
def test_what_others_can_reach_is_open(settings: Settings) -> None:
    assert is_open(settings)


def test_an_unknown_host_is_refused() -> None:
    for host in ("", "no-such-host.invalid"):
        with pytest.raises(AddressError):
            address_of(host)


def test_a_start_that_fails_is_one_line(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments, words in (
            (["--host", "0.0.0.0"], "--host 0.0.0.0 (HEMATOVISION_HOST) lets other"),  # noqa: S104
            (["--host", "no-such-host.invalid"], "'no-such-host.invalid' is unknown"),
            (["--model", str(bundle), "--port", port], f"port {port} of 127.0.0.1"),
            (["--model", str(tmp_path), "--port", "0"], f"{tmp_path} is not a model bundle"),
        ):
            assert main(arguments) == 2
            error = capsys.readouterr().err
            assert words in error
            assert error.count("\n") == 1


def test_a_port_without_the_right_to_it_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*address: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(AddressError, match="ports below 1024 need administrator rights"):
        listen("127.0.0.1", 80)


def test_a_healthy_start_logs_no_warning(bundle: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(model=bundle) as (_, url):
        for _ in range(3):
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
            connection.request("GET", "/")
            assert connection.getresponse().read()
            connection.close()
    assert "WARNING" not in capfd.readouterr().err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_quietly(bundle: Path, number: signal.Signals, status: int) -> None:
    with serving(model=bundle) as (process, _):
        process.send_signal(number)
        assert process.wait(10) == status


@contextmanager
def own_signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_a_request_is_finished_though_waitress_itself_would_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ThreadedTaskDispatcher.shutdown, "__defaults__", (True, 0))
    app, answers = Flask(__name__), list[bytes]()

    @app.get("/")
    def slow() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.3)
        return "done"

    def ask(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        with suppress(OSError, http.client.HTTPException):
            answers.append(connection.getresponse().read())
        connection.close()

    with own_signals(), listen("127.0.0.1", 0) as listening:
        asking = threading.Thread(target=ask, args=listening.getsockname()[1:2])
        with Server(app, listening, Settings()) as server:
            asking.start()
            assert server.run() == 0
        asking.join()
    assert answers == [b"done"]


@pytest.fixture
def own_server() -> Iterator[int]:
    """Port of a server in this process that answers anything."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "done", methods=["GET", "POST"])
    with own_signals(), listen("127.0.0.1", 0) as listening:
        with Server(app, listening, Settings()) as running:
            serving_it = threading.Thread(target=running._server.run)
            serving_it.start()
            yield listening.getsockname()[1]
            running._server.asyncore.close_all(running._server._map)
        serving_it.join()


def test_a_missing_bundle_of_the_environment_still_gives_a_page(tmp_path: Path) -> None:
    with serving(model=tmp_path) as (_, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("GET", "/")
        assert b"No model can answer" in connection.getresponse().read()
        connection.close()


def test_a_real_server_classifies_and_hides_its_name(live: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(live).netloc, timeout=10)
    connection.request("POST", "/api/v1/classify", png("red"), {"Content-Type": "image/png"})
    response = connection.getresponse()
    assert json.load(response)["results"][0]["label"] == "red"
    assert response.headers["Server"] is None
    connection.close()


def test_a_host_name_that_makes_no_sense_is_refused(live: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(live).netloc, timeout=10)
    for host in ("[:::]", "[", "a b", "\xff"):
        connection.request("GET", "/api/v1/health", headers={"Host": host})
        response = connection.getresponse()
        assert (response.status, json.load(response)["error"]["code"]) == (403, "wrong_host")
    connection.close()


def test_a_body_that_the_server_will_not_read_is_refused_in_the_same_shape(live: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(live).netloc, timeout=10)
    connection.putrequest("POST", "/api/v1/classify")
    connection.putheader("Content-Length", "90000000")
    connection.endheaders()
    response = connection.getresponse()
    error = json.load(response)["error"]
    assert (response.status, error["code"]) == (413, "too_large")
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: ",
        b"POST /api/v1/slides HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ],
)
def test_many_who_connect_and_say_no_more_stop_nobody_else(live: str, begun: bytes) -> None:
    place = urlsplit(live)
    with ExitStack() as silent:
        for _ in range(200):
            each = socket.create_connection((str(place.hostname), place.port or 0), timeout=10)
            silent.enter_context(each).sendall(begun)
        connection = http.client.HTTPConnection(place.netloc, timeout=5)
        connection.request("GET", "/api/v1/health")
        assert json.load(connection.getresponse())["status"]
        connection.request("POST", "/api/v1/classify", png("red"), {"Content-Type": "image/png"})
        assert json.load(connection.getresponse())["results"][0]["label"] == "red"
        connection.close()


def test_who_connects_and_never_asks_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, own_server: int
) -> None:
    monkeypatch.setattr(server, "HEADERS_S", 0.2)
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: "):
        with socket.create_connection(("127.0.0.1", own_server), timeout=10) as silent:
            silent.sendall(begun)
            assert silent.recv(1) == b""


def test_bodies_over_what_memory_holds_wait_until_others_were_answered(
    monkeypatch: pytest.MonkeyPatch, own_server: int
) -> None:
    monkeypatch.setattr(server, "BODIES", 0)
    monkeypatch.setattr(server, "SMALL_BYTES", 1000)
    body = b"x" * 50_000
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", own_server), timeout=10) as held:
        held.sendall(head + body)
        held.settimeout(1.5)
        with pytest.raises(TimeoutError):
            held.recv(1)
        monkeypatch.setattr(server, "BODIES", 1)
        held.settimeout(10)
        assert held.recv(15) == b"HTTP/1.1 200 OK"
