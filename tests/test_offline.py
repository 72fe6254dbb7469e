"""No test, and no program that one starts, reaches another machine."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.offline.sitecustomize import REPORT


def child(tmp_path: Path, line: str) -> tuple[int, str]:
    """Run a line of Python in a child; give its exit status and what was noted of it."""
    report = tmp_path / "report"
    report.touch()
    done = subprocess.run(
        [sys.executable, "-c", f"import socket; {line}"],
        env={**os.environ, REPORT: str(report)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "socket.create_connection(('192.0.2.1', 80))",
        "socket.create_connection(('2001:db8::1', 80))",
        "socket.socket(type=socket.SOCK_DGRAM).connect(('8.8.8.8', 80))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 80))",
        "socket.getaddrinfo('camera.local', 80)",
        "socket.gethostbyname('pypi.org')",
        "import urllib.request; urllib.request.urlopen('http://192.0.2.1/')",
    ],
)
def test_who_reaches_out_is_refused_and_noted(tmp_path: Path, line: str) -> None:
    status, noted = child(tmp_path, line)
    assert status != 0
    assert noted.startswith("socket.")


def test_a_name_that_nothing_has_is_looked_up_by_nobody(tmp_path: Path) -> None:
    status, noted = child(tmp_path, "socket.getaddrinfo('camera.invalid', 80)")
    assert (status, noted) == (1, "")


def test_this_machine_may_be_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            line = f"socket.create_connection(({host!r}, {port})).close()"
            assert child(tmp_path, line) == (0, "")
