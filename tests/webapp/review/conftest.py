"""A real server, slides in the folder of its data, and the page of their review in a browser."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tiny_bundle import make_trusting_bundle
from tests.webapp.closing import close
from tests.webapp.review.seed import White, seed
from tests.webapp.serving import DESKTOP, serving

WHITE: Sequence[White] = (
    ("red", 0.97, "confident"),
    ("red", 0.91, "confident"),
    ("red", 0.55, "uncertain"),
    ("green", 0.95, "confident"),
    ("green", 0.62, "uncertain"),
    ("blue", 0.40, "unfamiliar"),
)
# In reading order: those of no class, then class by class, the least certain first.
NAMES = ["Unfamiliar", "Red", "Red", "Red", "Green", "Green"]


SLOW_MS = 60_000


@dataclass(frozen=True)
class Bench:
    """A server and the folder of its data."""

    url: str
    data: Path

    def slide(self, white: Sequence[White] = WHITE) -> int:
        """Make a slide; return its id."""
        return seed(self.data, white)


Review = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    data = tmp_path_factory.mktemp("bench")
    bundle = make_trusting_bundle(tmp_path_factory.mktemp("models"))
    with serving("--data", str(data), model=bundle, stderr=subprocess.DEVNULL) as (_, url):
        yield Bench(url, data)


@pytest.fixture
def review(browser: Browser, bench: Bench) -> Review:
    """Open the review of a slide; whatever the page complains of fails the test."""

    @contextmanager
    def opened(
        slide: int,
        query: str = "",
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        forgiven: str = "\0",
        **options: object,
    ) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            service_workers="block",
            **options,  # type: ignore[arg-type]
        )
        context.add_cookies([{"name": "person", "value": "Ada", "url": bench.url}])
        complaints = list[str]()
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(SLOW_MS)
        page.goto(f"{bench.url}/slides/{slide}/review{query}")
        expect(page.locator("#gallery")).to_have_attribute("aria-busy", "false")
        yield page
        close(context)
        assert [each for each in complaints if forgiven not in each] == []

    return opened
