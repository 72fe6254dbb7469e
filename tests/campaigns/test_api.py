"""The API's campaign in short: `make campaign-api` asks far more of each operation."""

import sys
from pathlib import Path

import pytest

from tests.campaigns.api import A_PERSON, ask, serving, table

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="servers are forked")


@needs_linux
@pytest.mark.parametrize("headers", [[A_PERSON], []])
def test_the_api_answers_as_it_documents(tmp_path: Path, headers: list[str]) -> None:
    with serving(tmp_path) as url:
        asked = ask(url, tmp_path, headers, examples=1, seed=7, phases=["examples", "fuzzing"])
    assert asked.failures == [], f"{table([asked])}\n{asked.said}"
    assert asked.operations == asked.documented > 40
