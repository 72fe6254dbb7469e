"""What the README says over HTTP runs as it stands there, against a real server."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.images import encode
from tests.tiny_squares import draw_squares, make_squares_detector
from tests.webapp.serving import ROOT, serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:5000"
CURL = re.findall("^    (curl .+)$", README, re.MULTILINE)
PYTHON = re.findall(r"(?:^    .*\n|^\n)+", README, re.MULTILINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pictures that the examples name."""
    folder = tmp_path_factory.mktemp("readme")
    field = encode(draw_squares({(1, 2): "wbc", (3, 3): "rbc"}, zoom=4))
    for name in ("cell.jpg", "field.jpg", "a.png", "b.png"):
        (folder / name).write_bytes(field)
    return folder


@pytest.fixture(scope="module")
def address(bundle: Path, place: Path) -> Iterator[str]:
    detector = make_squares_detector(place)
    with serving("--detector", str(detector), model=bundle) as (_, url):
        yield url


@pytest.mark.parametrize("command", CURL)
def test_curl(command: str, address: str, place: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is missing")
    command = command.replace("curl ", "curl -sS --fail ", 1).replace(ADDRESS, address)
    words = shlex.split(command)
    done = subprocess.run(words, cwd=place, capture_output=True, check=True)
    if "-o map.png" in command:
        assert (place / "map.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert json.loads(done.stdout)


def test_python(address: str, place: Path) -> None:
    (example,) = (block for block in PYTHON if "urlopen(" in block)
    code = re.sub("^    ", "", example, flags=re.MULTILINE).replace(ADDRESS, address)
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    label, confidence = done.stdout.split()
    assert label in {"red", "green", "blue"}
    assert 0 < float(confidence) <= 1
