"""What systemd is told, over a socket like its own."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.webapp.serving import serving
from webapp.watchdog import answers, watched

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd is of Linux")


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        yield listening


def told(systemd: socket.socket) -> str:
    return systemd.recv(100).decode()


def environment(systemd: socket.socket, seconds: float) -> dict[str, str]:
    return {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": str(int(seconds * 1e6))}


def test_a_server_tells_that_it_is_ready_answers_and_stops(
    bundle: Path, systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in environment(systemd, 1).items():
        monkeypatch.setenv(name, text)
    with serving(model=bundle) as (process, url):
        assert told(systemd) == "READY=1"
        assert [told(systemd), told(systemd)] == ["WATCHDOG=1", "WATCHDOG=1"]
        assert answers(url, 10)
        process.send_signal(signal.SIGTERM)
        while (last := told(systemd)) == "WATCHDOG=1":
            pass
        assert last == "STOPPING=1"


def test_a_server_that_hangs_is_not_called_alive(systemd: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with watched(url, environment(systemd, 0.2)):
            for _ in range(2):  # it has asked, and asked again
                silent.accept()[0].close()
        assert told(systemd) == "STOPPING=1"


def test_a_server_that_begins_to_hang_is_no_longer_called_alive(
    bundle: Path, systemd: socket.socket
) -> None:
    with serving(model=bundle) as (process, url), watched(url, environment(systemd, 0.5)):
        assert [told(systemd), told(systemd)] == ["READY=1", "WATCHDOG=1"]
        os.kill(process.pid, signal.SIGSTOP)
        try:
            systemd.settimeout(2)
            with suppress(TimeoutError):  # what was asked before is told yet
                told(systemd)
            with pytest.raises(TimeoutError):
                told(systemd)
        finally:
            os.kill(process.pid, signal.SIGCONT)


def test_without_systemd_nothing_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0.1)
        with (
            watched(f"http://127.0.0.1:{silent.getsockname()[1]}", {}),
            pytest.raises(TimeoutError),
        ):
            silent.accept()
