from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.store.database import Database
from webapp.store.pictures import Pictures


@pytest.fixture
def database(tmp_path: Path, made: bytes) -> Iterator[Database]:
    (tmp_path / "hematovision.db").write_bytes(made)
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "pictures")
