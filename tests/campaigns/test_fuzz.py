"""Fuzzing in short: `make campaign-fuzz` gives each target an hour."""

import sys
from pathlib import Path
from random import Random

import pytest

from runtime.errors import HematoVisionError
from tests.campaigns.fuzz.campaign import Patience, campaign, table
from tests.campaigns.fuzz.child import TARGETS
from tests.campaigns.fuzz.mutations import mutate, mutate_json
from tests.campaigns.fuzz.target import Finding, Target

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is told in another unit")


@needs_linux
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_wrong_is_refused_in_one_line(tmp_path: Path, target: str) -> None:
    patience = Patience(slowest_s=60)  # on a busy computer
    rows = campaign(tmp_path, seconds=1, seed=7, targets=[target], plain=True, patience=patience)
    assert rows[0].findings == [], table(rows)
    assert rows[0].executions > 0


@needs_linux
def test_what_crashes_hangs_swells_or_raises_is_found_and_kept(tmp_path: Path) -> None:
    patience = Patience(slowest_s=3, most_mb=200, most_deaths=3)
    rows = campaign(tmp_path, 60, seed=7, targets=["careless"], plain=True, patience=patience)
    kinds = {kind.split()[0]: file.read_bytes() for kind, file in rows[0].findings}
    assert kinds.keys() == {"Crash", "Hang", "Memory", "ZeroDivisionError", "Finding"}
    assert kinds["Crash"][0] == 2
    assert kinds["ZeroDivisionError"][0] == 0


def test_a_message_of_several_lines_is_a_finding() -> None:
    def run(_: str, content: bytes) -> None:
        error = HematoVisionError("x", "")
        error.args = (content.decode(),)
        raise error

    target = Target({"part": [b"one line"]}, run)
    target.take(target.inputs[0])
    for wrong in (b"two\nlines", b"", b"x" * 3000):
        with pytest.raises(Finding):
            target.take(b"\0" + wrong)


def test_mutations_keep_json_and_stay_within_the_limit() -> None:
    draw = Random(7)  # noqa: S311
    for _ in range(300):
        assert mutate_json(b'{"a": [1, {"b": "c"}], "d": 2.5}', draw) is not None
        assert len(mutate(b"\1abc", draw, [b"\0xyz"], 50)) <= 50
