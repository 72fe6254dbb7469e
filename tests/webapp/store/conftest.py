from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webapp.postgresql import Server
from webapp.store.database import Database
from webapp.store.pictures import Pictures


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Path | str:
    """Where a database with nothing in it but tables is: a folder, or a server's URL."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        return url
    tmp_path: Path = request.getfixturevalue("tmp_path")
    (tmp_path / "hematovision.db").write_bytes(request.getfixturevalue("made"))
    return tmp_path


@pytest.fixture
def database(place: Path | str) -> Iterator[Database]:
    with Database.open(place) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def nowhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a database may be made: an empty folder, or an empty database of a server."""
    if request.param == "sqlite":
        yield tmp_path
        return
    server: Server = request.getfixturevalue("server")
    name = server.new()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "pictures")
