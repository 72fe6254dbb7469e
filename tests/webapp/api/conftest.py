"""An app with the shipped networks and an empty folder of data."""

from collections.abc import Iterator

import pytest
from flask import Flask

from runtime import Detector, Engine
from tests.webapp.api.bench import Technician
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.live.camera import camera_of
from webapp.settings import Settings


@pytest.fixture(scope="session")
def shipped() -> tuple[Engine, Detector]:
    return Engine.load(threads=1), Detector.load(threads=1)


@pytest.fixture
def app(settings: Settings, shipped: tuple[Engine, Detector]) -> Iterator[Flask]:
    app = create_app(settings, *shipped)
    yield app
    camera_of(app).close()
    bench_of(app).close()


@pytest.fixture
def ada(app: Flask) -> Technician:
    return Technician(app, "Ada Lovelace")
