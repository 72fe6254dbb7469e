"""The API's campaign in short: `make campaign-api` asks far more of each operation."""

import sys
from pathlib import Path

import pytest

from tests.campaigns.api import RUNS, ask, serving, table
from webapp.store.accounts import Role

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="servers are forked")


@needs_linux
@pytest.mark.parametrize(("role", "is_somebody"), RUNS)
def test_the_api_answers_as_it_documents(
    tmp_path: Path, role: Role | None, is_somebody: bool
) -> None:
    phases = ["examples", "fuzzing"]
    with serving(tmp_path, role) as (url, headers):
        who = headers if is_somebody else []
        asked = ask(url, tmp_path, who, 1, 7, phases, accounts=role is not None)
    assert asked.failures == [], f"{table([asked])}\n{asked.said}"
    assert asked.operations == asked.documented > 40
