from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.store.database import Database
from webapp.store.pictures import Pictures


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new database, made once: it is copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    with Database.open(folder) as database, database.begin() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return (folder / "hematovision.db").read_bytes()


@pytest.fixture
def database(tmp_path: Path, made: bytes) -> Iterator[Database]:
    (tmp_path / "hematovision.db").write_bytes(made)
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "pictures")
