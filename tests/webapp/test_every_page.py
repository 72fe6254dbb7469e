"""What holds of every page, on desktop and phone, light and dark: open to all, light, in width."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import APIRequestContext, Browser, Playwright, Response, Route

from runtime.images import encode
from tests.tiny_squares import make_squares_detector
from tests.webapp.axe import faults
from tests.webapp.closing import close
from tests.webapp.live.scenes import scene
from tests.webapp.serving import DESKTOP, PHONE, serving

pytestmark = pytest.mark.browser

LIGHT_BYTES = 200_000
SLOW_MS = 60_000
LOOKS = ((DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light"))
AT_WORK = ("/", "/live?slide={open}", "/slides/{open}", "/slides/{open}/review")  # in all looks
OTHERS = (  # in the first two
    "/live",
    "/slides",
    "/slides/{signed}",
    "/slides/{signed}/review",
    "/slides/{open}/report",
    "/slides/{signed}/records/1/report",
    "/history",
    "/history?label=nothing",
    "/history/trail",
    "/history/received",
    "/device",
    "/api/docs",
)


@dataclass(frozen=True)
class Server:
    """Where a server is, and slides on it."""

    url: str
    open: int
    signed: int


@pytest.fixture(scope="module")
def server(
    playwright: Playwright, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    detector = make_squares_detector(tmp_path_factory.mktemp("detectors"))
    with serving("--detector", str(detector), model=bundle, stderr=subprocess.DEVNULL) as (_, url):
        request = playwright.request.new_context(
            base_url=f"{url}/api/v1/", extra_http_headers={"X-Person": "Ada"}
        )
        yield Server(url, slide(request, "open"), slide(request, "signed", signed=True))
        request.dispose()


def slide(request: APIRequestContext, label: str, signed: bool = False) -> int:
    made: int = request.post("slides", data={"label": label}).json()["id"]
    picture = {"name": "field.png", "mimeType": "image/png", "buffer": encode(scene())}
    assert request.post(f"slides/{made}/fields", multipart={"images": picture}).ok
    cells = [cell["id"] for cell in request.get(f"slides/{made}/cells").json()["cells"]]
    if signed:
        assert request.post(f"slides/{made}/reviews", data={"cells": cells, "class": None}).ok
        assert request.post(f"slides/{made}/signatures").ok
    return made


@pytest.mark.parametrize(("page", "look"), [*product(AT_WORK, LOOKS), *product(OTHERS, LOOKS[:2])])
def test_a_page_is_open_to_all_and_light(
    browser: Browser, server: Server, page: str, look: tuple[tuple[int, int], str]
) -> None:
    size, theme = look
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        service_workers="block",
    )
    complaints, answers = list[str](), list[Response]()
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("response", lambda answer: answers.append(answer))

    def watch(route: Route) -> None:
        if not route.request.url.startswith((f"{server.url}/", "blob:")):
            complaints.append(route.request.url)
        route.continue_()

    context.route("**/*", watch)
    shown = context.new_page()
    address = server.url + page.format(open=server.open, signed=server.signed)
    shown.goto(address, wait_until="networkidle", timeout=SLOW_MS)
    assert faults(shown) == []
    assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert 20_000 < sum(map(weight, answers)) < LIGHT_BYTES
    close(context)
    assert complaints == []


def weight(answer: Response) -> int:
    """Give the bytes of an answer that is no photograph or drawing of cells."""
    kind = answer.headers.get("content-type", "")
    is_picture = kind.startswith("image/") and "svg" not in kind
    return 0 if is_picture else int(answer.headers.get("content-length", 0))
