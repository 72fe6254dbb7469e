"""The shipped configurations of nginx and Caddy before a real server."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from runtime.images import MAX_BYTES
from tests.webapp.accounts.people import PASSWORD
from tests.webapp.serving import ROOT, serving
from webapp.store.accounts import add_account
from webapp.store.audit import entries
from webapp.store.database import Database
from webapp.store.passwords import hashed

SHIPPED = ROOT / "docs" / "proxy"
NAME = "lab.example"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.3"  # of clients; servers are at the first
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=http",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SIGN_IN = urlencode({"name": "Ada", "password": PASSWORD})


@dataclass(frozen=True)
class Proxy:
    """A proxy before a server: their ports, the certificate, the folder of the server's data."""

    tls: int
    plain: int
    server: int
    certificate: Path
    data: Path

    def address(self, path: str) -> str:
        """Give the address of a path over TLS."""
        return f"https://{NAME}:{self.tls}{path}"

    def ask(
        self, method: str, path: str, body: str | bytes = "", name: str = NAME, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask over TLS, from another address than the proxy's."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        raw = socket.create_connection((HERE, self.tls), 20, source_address=(ELSEWHERE, 0))
        connection = http.client.HTTPConnection(HERE)
        connection.sock = context.wrap_socket(raw, server_hostname=NAME)
        with closing(connection):
            connection.request(method, path, body, {"Host": name, **headers})
            response = connection.getresponse()
            return response, response.read()

    def ask_past_it(
        self, method: str, path: str, body: str, source: str, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask the server itself."""
        connection = http.client.HTTPConnection(HERE, self.server, 20, source_address=(source, 0))
        with closing(connection):
            connection.request(method, path, body, {"Host": NAME, **headers})
            response = connection.getresponse()
            return response, response.read()

    def last_address(self) -> str:
        """Give the address that who signed in last came from."""
        with Database.open(self.data) as database, database.read() as session:
            told: str = entries(session).entries[0].detail["address"]
            return told


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl") or pytest.skip("no openssl here to make a certificate with")
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = [openssl, "req", "-x509", "-days", "2", *curve, *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem"


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest,
    bundle: Path,
    certificate: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    program = shutil.which(request.param) or shutil.which(f"/usr/sbin/{request.param}")
    if program is None:
        pytest.skip(f"no {request.param} on this machine: install it to test its configuration")
    data, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("proxy")
    with Database.open(data) as database, database.begin() as session:
        add_account(session, "setup", "Ada", "administrator", hashed(PASSWORD, "Ada"))
    tls, plain = free_port(), free_port()
    arguments = ("--data", str(data), "--allow-host", NAME, "--proxy", HERE)
    with serving(*arguments, model=bundle, stderr=subprocess.DEVNULL) as (_, url):
        server = int(url.rpartition(":")[2])
        made = Proxy(tls, plain, server, certificate, data)
        configured = nginx if request.param == "nginx" else caddy
        with running(configured(program, folder, made), tls):
            yield made


def nginx(program: str, folder: Path, proxy: Proxy) -> list[str]:
    """Put the shipped configuration where a test may have it; but for places it stays as it is."""
    shipped = (SHIPPED / "nginx.conf").read_text(encoding="utf-8")
    for theirs, ours in (
        ("listen 80;", f"listen {HERE}:{proxy.plain};"),
        ("listen 443 ssl;", f"listen {HERE}:{proxy.tls} ssl;"),
        ("/etc/ssl/hematovision", str(proxy.certificate.parent)),
        ("http://127.0.0.1:5000", f"http://{HERE}:{proxy.server}"),
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{shipped}}}\n",
        encoding="utf-8",
    )
    return [program, "-p", str(folder), "-e", str(folder / "errors"), "-c", f"{folder}/nginx.conf"]


def caddy(program: str, folder: Path, proxy: Proxy) -> list[str]:
    """Do the same with Caddy's."""
    shipped = (SHIPPED / "Caddyfile").read_text(encoding="utf-8")
    pair = f"tls {proxy.certificate} {proxy.certificate.parent}/key.pem"
    for theirs, ours in (
        ("\nlab.example {", f"\nhttps://lab.example:{proxy.tls} {{"),
        ("tls internal", pair),
        ("127.0.0.1:5000", f"{HERE}:{proxy.server}"),
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    ports = (
        f"\tdefault_bind {HERE}\n\thttp_port {proxy.plain}\n\thttps_port {proxy.tls}\n\tadmin off\n"
    )
    options = f"{{\n{ports}\tstorage file_system {folder}\n}}\n"
    (folder / "Caddyfile").write_text(options + shipped, encoding="utf-8")
    return [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the proxy does not take the shipped configuration"
        try:
            socket.create_connection((HERE, port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the proxy has not started")


def free_port() -> int:
    with socket.create_server((HERE, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def test_a_session_over_tls_is_secure_and_works(proxy: Proxy) -> None:
    answer, _ = proxy.ask("POST", "/sign-in", SIGN_IN, Origin=f"https://{NAME}", **FORM)
    assert (answer.status, answer.headers["Location"]) == (303, "/slides")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    page, body = proxy.ask("GET", "/slides", Cookie=cookie.partition(";")[0])
    assert (page.status, b"Ada" in body) == (200, True)
    refused, body = proxy.ask("GET", "/api/v1/slides")
    assert (refused.status, json.loads(body)["error"]["code"]) == (401, "not_signed_in")


def test_what_a_browser_says_of_itself_is_replaced(proxy: Proxy) -> None:
    answer, _ = proxy.ask("POST", "/sign-in", SIGN_IN, **FORM, **FORGED)
    assert answer.status == 303
    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    assert proxy.last_address() == ELSEWHERE


def test_other_names_are_not_answered(proxy: Proxy) -> None:
    for name in ("evil.example", f"{NAME}.evil.example", f"x.{NAME}"):
        answer, body = proxy.ask("GET", "/sign-in", name=name)
        assert answer.status == 403 or body == b""  # Caddy says nothing, nginx passes it on
        assert b"password" not in body
    refused, _ = proxy.ask_past_it("GET", "/sign-in", "", HERE, Host="evil.example")
    assert refused.status == 403


def test_another_site_may_not_write(proxy: Proxy) -> None:
    for origin in ("https://evil.example", f"http://{NAME}", "null"):
        answer, _ = proxy.ask("POST", "/sign-in", SIGN_IN, Origin=origin, **FORM)
        assert answer.status == 403


def test_headers_of_others_than_the_proxy_are_ignored(proxy: Proxy) -> None:
    forged = {**FORGED, "X-Forwarded-Proto": "https"}
    answer, _ = proxy.ask_past_it("POST", "/sign-in", SIGN_IN, ELSEWHERE, **FORM, **forged)
    assert answer.headers["Set-Cookie"].startswith("session=")
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert proxy.last_address() == ELSEWHERE


def test_the_proxy_itself_is_believed_in_two_things_only(proxy: Proxy) -> None:
    forged = {**FORGED, "X-Forwarded-Proto": "https"}
    answer, _ = proxy.ask_past_it("POST", "/sign-in", SIGN_IN, HERE, **FORM, **forged)
    assert answer.status == 303  # not as evil.example
    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    assert proxy.last_address() == "203.0.113.9"


def test_pictures_of_the_usual_size_pass_and_the_app_refuses_larger_ones(proxy: Proxy) -> None:
    answer, _ = proxy.ask("POST", "/sign-in", SIGN_IN, **FORM)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    _, told = proxy.ask("GET", "/api/v1/session", Cookie=cookie)
    sent = {"Cookie": cookie, "X-CSRF-Token": json.loads(told)["csrf"]}
    for n_bytes, code in ((MAX_BYTES, "not_an_image"), (MAX_BYTES + 100, "too_large")):
        answer, body = proxy.ask("POST", "/api/v1/preview", b"x" * n_bytes, **sent)
        assert json.loads(body)["error"]["code"] == code
    try:
        answer, _ = proxy.ask("POST", "/api/v1/preview", b"x" * (MAX_BYTES + 10_000_000), **sent)
    except OSError:  # a proxy may hang up on who goes on sending
        return
    assert answer.status == 413


def test_plain_http_is_sent_on_to_tls(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection(HERE, proxy.plain, 20)
    with closing(connection):
        connection.request("GET", "/slides?a=b", headers={"Host": NAME})
        answer = connection.getresponse()
    assert answer.status in (301, 308)
    assert answer.headers["Location"] in (
        f"https://{NAME}/slides?a=b",
        proxy.address("/slides?a=b"),
    )
