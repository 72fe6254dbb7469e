"""The page Live in a real browser: this computer's camera, the device's, and none at all."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from runtime import Detector
from tests.runtime.mjpeg_server import Write, serving, stream
from tests.webapp.closing import close
from tests.webapp.live.film import write_y4m
from tests.webapp.live.scenes import jpeg, scene
from tests.webapp.serving import DESKTOP, PHONE
from tests.webapp.serving import serving as serving_pages

pytestmark = pytest.mark.browser

SLOW_MS = 30_000
Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def server(bundle: Path, detector: Detector) -> Iterator[str]:
    """Address of a real server whose camera looks for squares."""
    folder = str(detector.bundle.path)
    with serving_pages("--detector", folder, model=bundle) as (_, url):
        yield url


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's camera shows."""
    file = tmp_path_factory.mktemp("film") / "film.y4m"
    write_y4m(file, [scene()] * 4, rate=4)
    return file


@pytest.fixture(scope="module")
def open_page(playwright: Playwright, chromium: str, server: str) -> Iterator[Open]:
    """Open the page in a browser with a camera, or without; complaints fail the test."""
    browsers = dict[tuple[str, ...], Browser]()

    @contextmanager
    def opened(
        *arguments: str, size: tuple[int, int] = DESKTOP, forgiven: str = "\0"
    ) -> Iterator[Page]:
        if arguments not in browsers:
            hosts = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
            browsers[arguments] = playwright.chromium.launch(
                executable_path=chromium, args=[hosts, *arguments]
            )
        context = browsers[arguments].new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
        )
        complaints = list[str]()
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(SLOW_MS)
        page.goto(f"{server}/live")
        yield page
        close(context)
        urlopen(Request(f"{server}/api/v1/camera", method="DELETE"))  # noqa: S310 - our own
        assert [c for c in complaints if forgiven not in c] == []

    yield opened
    for browser in browsers.values():
        browser.close()


@pytest.fixture(scope="module")
def camera(film: Path) -> list[str]:
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def choose_stream(page: Page, url: str) -> None:
    page.select_option("#source", "other")
    page.fill("#address-text", url)
    page.keyboard.press("Enter")


def expect_cells(page: Page) -> None:
    expect(page.locator("#boxes .cell-box.wbc text")).to_have_text("Blue", timeout=SLOW_MS)
    expect(page.locator("#boxes .cell-box.rbc")).to_have_count(4)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_browsers_camera_is_looked_through(
    open_page: Open, camera: list[str], size: tuple[int, int]
) -> None:
    with open_page(*camera, size=size) as page:
        page.select_option("#source", "browser")
        expect_cells(page)
        expect(page.locator("#scope")).to_have_attribute("data-state", "open")
        expect(page.locator("#announcer")).to_have_text("Camera open")
        expect(page.locator("#kinds")).to_contain_text("4 in view")
        expect(page.locator("#focus-best")).to_contain_text(".")
        expect(page.locator("#shares tbody tr", has_text="Blue").locator("td").first).to_have_text(
            "1", timeout=SLOW_MS
        )
        page.locator("body").press("Space")
        link = page.get_by_role("link", name="Save capture-")
        expect(link).to_have_count(1)
        expect(page.locator("#announcer")).to_have_text("1 picture captured")
        with page.expect_download() as saved:
            link.click()
        assert saved.value.path().read_bytes().startswith(b"\xff\xd8\xff")
        page.get_by_role("button", name="Drop capture-").click()
        expect(page.locator("#captured")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_only_what_a_slide_has_taken_is_shown_as_captured(
    open_page: Open, camera: list[str], server: str
) -> None:
    with open_page(*camera, forgiven="the server responded with a status of") as page:
        page.request.put(f"{server}/api/v1/person", data={"name": "Ada"})
        slide = page.request.post(f"{server}/api/v1/slides", data={"label": "live"}).json()["id"]
        page.goto(f"{server}/live?slide={slide}")
        page.select_option("#source", "browser")
        expect_cells(page)

        def refuse(code: str, status: int) -> None:
            def answer(route: Route) -> None:
                told = {"code": code, "message": f"refused: {code}", "request_id": "1"}
                route.fulfill(status=status, json={"error": told}, headers={"Retry-After": "1"})

            page.route("**/camera/captures", answer, times=1)

        refuse("signed", 409)
        page.locator("body").press("Space")
        expect(page.locator(".toast")).to_contain_text("refused: signed")
        expect(page.locator("#captured")).to_be_hidden()
        refuse("busy", 503)  # which passes
        page.locator("body").press("Space")
        expect(page.locator("#announcer")).to_have_text("The field was added: 1 white cell")
        expect(page.locator("#captures li")).to_have_count(1)
        fields = page.request.get(f"{server}/api/v1/slides/{slide}/fields").json()["fields"]
        assert [each["number"] for each in fields] == [1]
        expect(page.locator("#slide-count")).to_have_text("1 of 100 white cells")
        page.locator("body").press("Space")  # the camera shows the same picture still
        expect(page.locator(".toast").last).to_contain_text("The slide has this very picture")
        expect(page.locator("#captures li")).to_have_count(1)
        name = fields[0]["source"]
        expect(page.get_by_role("link", name=f"Save {name}")).to_have_count(1)


def test_keys_do_what_buttons_do(open_page: Open, camera: list[str]) -> None:
    with open_page(*camera) as page:
        page.select_option("#source", "browser")
        expect_cells(page)
        body = page.locator("body")
        body.press("b")
        expect(page.locator("#boxes")).to_be_hidden()
        body.press("b")
        body.press("p")
        expect(page.locator("#state-word")).to_have_text("Paused")
        expect_cells(page)
        body.press("p")
        expect(page.locator("#state-word")).to_have_text("Live")
        page.locator("#source").press("b")  # keys of a list are its own
        expect(page.locator("#boxes")).to_be_visible()


def test_a_lost_stream_is_found_again_without_reloading(open_page: Open) -> None:
    """It shows a scene, hangs up, is away for a while, and shows it on."""
    asked = list[int]()

    def body(write: Write) -> None:
        asked.append(1)
        if len(asked) == 1:
            for _ in range(60):
                stream_once(write)
        elif len(asked) > 3:
            stream([jpeg(scene())], 0.1)(write)

    def stream_once(write: Write) -> None:
        write(b"--frame\r\n\r\n" + jpeg(scene()) + b"\r\n")
        time.sleep(0.1)

    with serving(body) as device, open_page() as page:
        choose_stream(page, device.url)
        expect_cells(page)
        expect(page.locator("#state-word")).to_have_text("Lost", timeout=SLOW_MS)
        expect(page.locator("#reason")).to_contain_text("it is tried again")
        expect(page.locator("#boxes .cell-box")).to_have_count(0)
        expect(page.locator("#state-word")).to_have_text("Live", timeout=SLOW_MS)
        expect_cells(page)


def test_an_open_camera_is_shown_to_who_comes_later(open_page: Open) -> None:
    with serving(stream([jpeg(scene())], 0.2)) as device, open_page() as page:
        choose_stream(page, device.url)
        expect_cells(page)
        page.reload()
        expect_cells(page)
        page.select_option("#source", "")
        expect(page.locator("#state-word")).to_have_text("Closed")


def test_a_field_with_cells_is_no_white_reference(open_page: Open) -> None:
    refused = "422 (UNPROCESSABLE ENTITY)"
    with serving(stream([jpeg(scene())], 0.1)) as device, open_page(forgiven=refused) as page:
        choose_stream(page, device.url)
        expect_cells(page)
        page.get_by_text("White reference").click()
        page.get_by_role("button", name="Take from blank glass").click()
        expect(page.locator("#white-problem")).to_contain_text("take the reference again")


def test_what_may_not_be_opened_is_told(open_page: Open) -> None:
    with open_page(forgiven="403 (FORBIDDEN)") as page:
        choose_stream(page, "/etc/passwd")
        expect(page.locator("#source-problem")).to_contain_text("pages may open no files")


def test_a_computer_without_a_camera_says_so(open_page: Open) -> None:
    with open_page("--use-fake-ui-for-media-stream") as page:
        page.select_option("#source", "browser")
        expect(page.locator("#reason")).to_contain_text("This computer has no camera")
        expect(page.locator("#announcer")).to_contain_text("This computer has no camera")
        expect(page.locator("#capture")).to_be_disabled()


def test_a_camera_that_is_not_allowed_says_so(open_page: Open, camera: list[str]) -> None:
    with open_page(*camera) as page:
        page.evaluate(
            """() => {
                navigator.mediaDevices.getUserMedia = async () => {
                    throw new DOMException("Permission denied", "NotAllowedError");
                };
            }"""
        )
        page.select_option("#source", "browser")
        expect(page.locator("#reason")).to_contain_text("does not allow the camera")


def test_an_unplugged_camera_is_found_again(open_page: Open, camera: list[str]) -> None:
    with open_page(*camera) as page:
        page.evaluate(
            """() => {
                const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
                window.there = true;
                navigator.mediaDevices.getUserMedia = async (wish) => {
                    if (!window.there) throw new DOMException("gone", "NotFoundError");
                    return (window.stream = await get(wish));
                };
            }"""
        )
        page.select_option("#source", "browser")
        expect_cells(page)
        # A track that was stopped is `ended`, as one whose camera was pulled out.
        page.evaluate("window.there = false; window.stream.getTracks().forEach((t) => t.stop())")
        expect(page.locator("#reason")).to_contain_text("plug", timeout=SLOW_MS)
        expect(page.locator("#state-word")).to_have_text("Lost")
        page.evaluate(
            "window.there = true; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
        )
        expect_cells(page)
        expect(page.locator("#state-word")).to_have_text("Live")
