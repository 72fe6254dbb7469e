"""An app whose camera looks for colored squares."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import Detector, Engine
from tests.tiny_squares import make_squares_detector
from webapp.app import create_app
from webapp.live.camera import camera_of
from webapp.settings import Settings


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector.load(make_squares_detector(tmp_path_factory.mktemp("detectors")), threads=1)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """The folder that pages may open videos and pictures in."""
    (tmp_path / "films").mkdir()
    return tmp_path / "films"


@pytest.fixture
def app(engine: Engine, detector: Detector, bundle: Path, films: Path) -> Iterator[Flask]:
    settings = Settings(models=bundle.parent, camera_folder=films)
    app = create_app(settings, engine, detector)
    yield app
    camera_of(app).close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
