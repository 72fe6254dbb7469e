"""The laboratory's server as a device sees it: odd answers and addresses, and what stays secret."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.webapp.laboratory.laboratory import TOKEN, Environ, Start, answering
from tests.webapp.store.test_received import sign
from webapp.laboratory import server as module
from webapp.laboratory.push import Push
from webapp.laboratory.server import LaboratoryServer, PushError
from webapp.settings import Settings
from webapp.store.database import Database
from webapp.store.outbox import last_sent


def test_a_server_whose_answer_trickles_is_hung_up_on(
    device: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trickling(environ: Environ, start: Start) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", "1000")])
        for _ in range(1000):
            yield b" "
            time.sleep(0.02)

    monkeypatch.setattr(module, "LONGEST_S", 0.3)
    sign(device, tmp_path)
    with answering(trickling) as url:
        pushing, began_s = Push(device, LaboratoryServer(url, TOKEN)), time.monotonic()
        with pytest.raises(PushError):
            pushing.send_waiting()
        assert time.monotonic() - began_s < 10
    assert pushing.state().waiting == 1


def test_an_answer_that_is_nested_too_deeply_is_a_refusal(device: Database, tmp_path: Path) -> None:
    def deep(environ: Environ, start: Start) -> list[bytes]:
        start("200 OK", [])
        return [b"[" * 90_000]

    sign(device, tmp_path)
    with answering(deep) as url, pytest.raises(PushError, match="as HematoVision does") as caught:
        Push(device, LaboratoryServer(url, TOKEN)).send_waiting()
    assert caught.value.code == "refused"


@pytest.mark.parametrize(
    ("status", "body"),
    [("200 OK", b"<p>Welcome to the hotel</p>"), ("200 OK", b"{}"), ("201 OK", b"[1]"),
     ("302 Found", b""), ("409 Conflict", b'{"error": {"code": "gap"}}'), ("200 OK", b"\xff")],
)  # fmt: skip
def test_another_server_is_no_laboratory(
    device: Database, tmp_path: Path, status: str, body: bytes
) -> None:
    asked = list[str]()

    def another(environ: dict, start: Callable) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start(status, [("Location", "/elsewhere"), ("Content-Length", str(len(body)))])
        return [body]

    sign(device, tmp_path)
    with answering(another) as url:
        pushing = Push(device, LaboratoryServer(url, TOKEN))
        with pytest.raises(PushError):
            pushing.send_waiting()
    assert set(asked) == {"/api/v1/received"}
    assert len(asked) <= 2
    with device.read() as session:
        assert last_sent(session, url).entry == 0


def test_an_answer_is_read_that_came_before_the_whole_record_was_sent() -> None:
    def refuse(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = threading.Thread(target=refuse, args=[listening])
        proxy.start()
        server = LaboratoryServer(f"http://127.0.0.1:{listening.getsockname()[1]}", TOKEN)
        with pytest.raises(PushError) as error:
            server.send({"sha256": "", "content": "x" * 20_000_000})
        proxy.join()
    assert error.value.code == "record_refused"


@pytest.mark.parametrize(
    "address",
    ["http://lab.example", "https://", "lab", "ftp://127.0.0.1", "https://ada:secret@lab",
     "https://lab?secret", "https://lab:99999", "https://lab:0", "https://la b", "https://lab\n",
     "http://[::1", "https://lab#secret", ""],
)  # fmt: skip
def test_an_address_that_would_give_records_away_is_refused(address: str) -> None:
    with pytest.raises(PushError) as caught:
        LaboratoryServer(address, TOKEN)
    assert caught.value.code == "bad_server"
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_token_is_shown() -> None:
    server = LaboratoryServer("https://lab", TOKEN)
    told = repr((server, Settings(push_token=TOKEN, database=TOKEN)))
    assert TOKEN not in told
    with pytest.raises(PushError, match="HEMATOVISION_PUSH_TOKEN"):
        LaboratoryServer("https://lab", "")
