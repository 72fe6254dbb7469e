"""The load in short: `make campaign-load` asks for 10 minutes, with 50 clients."""

import sys
from pathlib import Path

import pytest

from tests.campaigns.load import Load, Seen, load
from tests.campaigns.server import bundles


@pytest.mark.skipif(sys.platform != "linux", reason="memory is judged on Linux")
def test_no_answer_is_lost_or_wrong_when_many_ask_at_once(tmp_path: Path) -> None:
    models = bundles(tmp_path)
    arguments = ["--model", str(models / "tiny"), "--detector", str(models / "squares")]
    found = load(tmp_path, clients=8, seconds=6, seed=7, arguments=arguments)
    assert found.seen.lost == []
    assert found.seen.wrong == []
    assert found.seen.answers.total() > 8


@pytest.mark.parametrize(
    ("rss_mb", "is_flat"),
    [([50, 100, 100, 101, 99], True), ([50, 100, 120, 140, 160], False)],
)
def test_memory_that_grows_is_found(rss_mb: list[float], is_flat: bool) -> None:
    assert Load(Seen(), 240, rss_mb, 60).is_flat is is_flat
