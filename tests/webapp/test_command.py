"""The command `hematovision`, which is `python -m webapp` too."""

import json
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.webapp.pictures import png
from tests.webapp.serving import ROOT
from webapp import __version__
from webapp.command import WORDS, command_line, load


def hematovision(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "webapp", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_it_tells_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert load(["--help"])() == 0
    told = capsys.readouterr().out
    assert all(f"\n  {word} " in told for word in WORDS)
    assert load(["--version"])() == 0
    assert capsys.readouterr().out == f"HematoVision {__version__}\n"


def test_a_word_that_it_does_not_know_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert load(["count"])() == 2
    error = capsys.readouterr().err
    assert error.startswith("hematovision: there is no 'count'")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["serve"], ["--port", "7"], ["serve", "--port", "7"]])
def test_without_a_word_it_serves(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr("webapp.cli.main", lambda rest, _: given.append(rest) or 0)
    assert load(arguments)() == 0
    assert given == [[each for each in arguments if each != "serve"]]


@pytest.mark.parametrize("word", WORDS)
def test_each_word_has_its_own_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        load([word, "--help"])()
    assert f"usage: {command_line(word)} " in capsys.readouterr().out


def test_an_archive_is_made_or_it_is_said_what_that_needs(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(png("red"))
    command = ["archive", str(tmp_path), "--out", str(tmp_path / "answers"), "--workers", "1"]
    without = "import runpy, sys; sys.modules['distributed'] = None; runpy.run_module('webapp')"
    done = subprocess.run(
        [sys.executable, "-c", without, *command], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.endswith("an installed HematoVision comes without\n")
    done = hematovision(*command, "--model", str(bundle))
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'answers'}: 1 pictures, 0 of them refused; " in done.stdout


def test_it_is_called_as_it_can_be_typed_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = shlex.split(command_line("--version"))
    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == f"HematoVision {__version__}\n"
    monkeypatch.setattr(sys, "prefix", "/opt/hematovision/versions/0.1.0-aaaaaaaa/environment")
    assert command_line("users", "list") == "hematovision users list"


@pytest.mark.skipif(not shutil.which("make"), reason="a rule of the Makefile")
def test_its_version_is_that_of_the_project_which_writes_it_down_nowhere_else(
    tmp_path: Path,
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "webapp.__version__"}
    installed = ["-o", ".venv/pack.ok"]
    command = ["make", *installed, "sbom", f"OUT={tmp_path}", f"BIN={Path(sys.executable).parent}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    listed = json.loads((tmp_path / "hematovision.cdx.json").read_text(encoding="utf-8"))
    version = listed["metadata"]["component"]["version"]
    assert hematovision("--version").stdout == f"HematoVision {version}\n"


def test_it_passes_on_words_of_the_runtime_and_their_status() -> None:
    done = hematovision("classify", "nothing.png")
    assert done.returncode == 1
    assert "nothing.png" in done.stderr
    assert "1 refused" in done.stdout
