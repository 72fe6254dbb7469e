"""A tiny bundle whose answers are plain: a red picture is `red`, and so on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import Engine
from tests.tiny_bundle import make_tiny_bundle
from tests.webapp.serving import serving
from webapp.app import create_app
from webapp.settings import Settings


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bundle(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def engine(bundle: Path) -> Engine:
    return Engine.load(bundle)


@pytest.fixture
def settings(bundle: Path) -> Settings:
    return Settings(models=bundle.parent, patience_s=0.05)


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Flask:
    return create_app(settings, engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def live(bundle: Path) -> Iterator[str]:
    """Address of a real server."""
    with serving(model=bundle) as (_, url):
        yield url
