"""A device that signs records, and a laboratory's server for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from runtime import Engine
from tests.webapp.laboratory.laboratory import device_token
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.settings import Settings
from webapp.store.database import FILE, Database


@pytest.fixture
def device(tmp_path: Path, made: bytes) -> Iterator[Database]:
    (tmp_path / FILE).write_bytes(made)
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Of the database of the laboratory's server; None of a file."""
    on_server = request.param == "postgresql"
    return request.getfixturevalue("postgresql_url") if on_server else None


@pytest.fixture
def token(url: str | None, data: Path) -> str:
    """The API token of the device's account on the laboratory's server."""
    return device_token(url or data)


@pytest.fixture
def laboratory(
    url: str | None, token: str, data: Path, bundle: Path, engine: Engine
) -> Iterator[Flask]:
    assert token
    app = create_app(Settings(models=bundle.parent, data=data, database=url), engine)
    yield app
    bench_of(app).close()
