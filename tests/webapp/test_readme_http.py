"""What the README says over HTTP runs as it stands there, against a real server."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from runtime.images import encode
from tests.tiny_squares import draw_squares, make_squares_detector
from tests.webapp.serving import ROOT, serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:5000"
CURL = re.findall("^    (curl .+)$", README, re.MULTILINE)
BEGINNINGS = {".png": b"\x89PNG", ".pdf": b"%PDF-"}
PYTHON = re.findall(r"(?:^    .*\n|^\n)+", README, re.MULTILINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pictures that the examples name."""
    folder = tmp_path_factory.mktemp("readme")
    field = encode(draw_squares({(1, 2): "wbc", (3, 3): "rbc"}, zoom=4))
    for name in ("cell.jpg", "field.jpg", "a.png", "b.png"):
        (folder / name).write_bytes(field)
    (folder / "fields").mkdir()
    for column, name in ((2, "1.jpg"), (1, "2.jpg")):
        other = encode(draw_squares({(1, column): "wbc", (3, 3): "rbc"}, zoom=4))
        (folder / "fields" / name).write_bytes(other)
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
    if "-o" in words:
        file = place / words[words.index("-o") + 1]
        assert file.read_bytes().startswith(BEGINNINGS[file.suffix])
    else:
        assert json.loads(done.stdout)


def run_example(number: int, address: str, place: Path) -> list[str]:
    """Run one of the examples in Python, by its place in the README; give what it prints."""
    example = [block for block in PYTHON if "urlopen(" in block][number]
    code = re.sub("^    ", "", example, flags=re.MULTILINE).replace(ADDRESS, address)
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_python_classifies(address: str, place: Path) -> None:
    (line,) = run_example(0, address, place)
    label, confidence = line.split()
    assert label in {"red", "green", "blue"}
    assert 0 < float(confidence) <= 1


def test_python_counts_a_slide(address: str, place: Path) -> None:
    told = [line.split() for line in run_example(1, address, place)]
    assert {"red", "green", "blue", "blast"} <= {name for name, _, _ in told}
    with closing(HTTPConnection(urlsplit(address).netloc)) as connection:
        connection.request("GET", "/api/v1/slides?label=26-0418")
        (slide,) = json.load(connection.getresponse())["slides"]
    assert slide["progress"]["fields"] == 2
    assert slide["progress"]["cells"] == sum(int(n) for _, n, _ in told)
