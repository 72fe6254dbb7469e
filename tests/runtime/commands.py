"""Commands, run within the test or as a process of their own."""

import csv
from pathlib import Path

import pytest

from runtime.cli import main

Output = pytest.CaptureFixture[str]


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def lines(text: str) -> list[str]:
    return text.splitlines()


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return list(csv.DictReader(stream))


def unusable(capsys: Output, *args: object) -> str:
    """Run what must end with 2, one line on standard error and no traceback."""
    assert run(*args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(lines(err)) == 1
    return err
