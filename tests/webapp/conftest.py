"""A tiny bundle whose answers are plain: a red picture is `red`, and so on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

from runtime import Engine
from tests.tiny_bundle import make_tiny_bundle
from tests.webapp import postgresql
from tests.webapp.closing import close
from tests.webapp.contract import CheckedClient
from tests.webapp.serving import DESKTOP, serving
from webapp.app import create_app
from webapp.settings import Settings
from webapp.store.database import FILE, Database

expect.set_options(timeout=20_000)  # ms; a busy small computer takes its time
APIFlask.test_client_class = CheckedClient  # whatever a test asks of the API is checked


@pytest.fixture(scope="session", autouse=True)
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test keeps anything among the data of who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.setenv("LOCALAPPDATA", str(tmp_path_factory.mktemp("local")))
        patch.delenv("HEMATOVISION_DATA", raising=False)
        yield


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bundle(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def engine(bundle: Path) -> Engine:
    return Engine.load(bundle)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new database, made once: it is copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    with Database.open(folder) as database, database.begin() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return (folder / FILE).read_bytes()


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server, started by the first test that needs it."""
    if missing := postgresql.why_missing():
        pytest.skip(missing)
    with postgresql.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def made_there(server: postgresql.Server) -> str:
    """Name of a new database of the server, made once: it is copied for each test."""
    name = server.new()
    Database.open(server.url(name)).close()
    return name


@pytest.fixture
def postgresql_url(server: postgresql.Server, made_there: str) -> Iterator[str]:
    """A database of the server with nothing in it but tables."""
    name = server.new(like=made_there)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def data(tmp_path: Path, made: bytes) -> Path:
    """A folder of the app's own state, with nothing in it but tables."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / FILE).write_bytes(made)
    return folder


@pytest.fixture
def settings(bundle: Path, data: Path) -> Settings:
    return Settings(models=bundle.parent, data=data, patience_s=0.05)


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


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One driver for all browsers: a process can't run two."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """A browser for the tests of a file; in one for all each stumbles over what others left."""
    browser = playwright.chromium.launch(
        executable_path=chromium,
        args=["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
    )
    yield browser
    browser.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, live: str) -> Iterator[Page]:
    """Open the page; whatever it complains of or asks of another host fails the test."""
    (width, height), theme = getattr(request, "param", (DESKTOP, "light"))
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        reduced_motion="reduce",
        service_workers="block",
    )
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    context.on("weberror", lambda error: complaints.append(str(error.error)))

    def watch(route: Route) -> None:
        if route.request.url.startswith((f"{live}/", "blob:")):
            route.continue_()
        else:
            complaints.append(route.request.url)
            route.abort()

    context.route("**/*", watch)
    page = context.new_page()
    page.goto(live, wait_until="domcontentloaded")
    yield page
    close(context)
    assert complaints == []
