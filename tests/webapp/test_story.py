"""The whole bench in one go, with the bundles that ship: from the camera to the signed report.

A drawn smear stands before Chromium's fake camera, and no other host can be reached.
"""

import re
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, Route, expect
from pypdf import PdfReader

from tests.webapp.live.film import write_y4m
from tests.webapp.serving import DESKTOP, ROOT, serving
from tests.webapp.smears import crowded_fields

pytestmark = pytest.mark.browser

SLOW_MS = 180_000  # for all that is reviewed to be saved, on a machine that has other work
FIELDS, SHOWN, RATE = 16, 3, 2  # each field is shown as so many frames, so many in a second
TARGET = 100
ONE_BY_ONE = 8  # cells of a class that are reviewed singly
LABEL = "26-04711"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with serving("--data", str(tmp_path), model=ROOT / "models/pbc", stderr=subprocess.DEVNULL) as (
        _,
        url,
    ):
        yield url


@pytest.fixture
def page(playwright: Playwright, chromium: str, server: str, tmp_path: Path) -> Iterator[Page]:
    """A browser with a camera; what it complains of or asks of another host fails the test."""
    film = tmp_path / "smear.y4m"
    write_y4m(film, [field for field in crowded_fields(FIELDS) for _ in range(SHOWN)], RATE)
    browser = playwright.chromium.launch(
        executable_path=chromium,
        args=[
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )
    context = browser.new_context(
        base_url=server,
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
        reduced_motion="reduce",
        service_workers="block",
    )
    context.set_default_timeout(SLOW_MS)
    complaints = list[str]()
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))

    def watch(route: Route) -> None:
        if route.request.url.startswith((f"{server}/", "blob:")):
            route.continue_()
        else:
            complaints.append(route.request.url)
            route.abort()

    context.route("**/*", watch)
    yield context.new_page()
    browser.close()
    assert [each for each in complaints if "400 (BAD REQUEST)" not in each] == []  # no name yet


def test_a_smear_is_counted_reviewed_signed_reported_and_found(page: Page) -> None:
    open_slide(page)
    cells = capture_until_counted(page)
    review_by_keyboard(page, cells)
    sign_by_keyboard(page)
    report = saved_report(page)
    assert LABEL in report
    assert "SIGNED" in report
    assert "PRELIMINARY" not in report
    assert "Signed by Ada Lovelace" in report
    assert f"White cells {cells} counted, {TARGET} wanted" in report
    assert f"Reviewed {cells} white cells Ada Lovelace" in report
    page.goto("/history")
    page.keyboard.type(LABEL)  # as a scanner does
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/history?label={LABEL}*")
    row = page.locator(".slides tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Signed")
    expect(row.locator(".cells")).to_have_text(f"{cells} / {cells}")


def open_slide(page: Page) -> None:
    """Open a slide, and say who is working when that is asked."""
    page.goto("/slides")
    page.keyboard.type(LABEL)
    page.keyboard.press("Enter")
    expect(page.locator("#person-dialog")).to_be_visible()
    page.keyboard.type("Ada Lovelace")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/slides/\d+$"))


def capture_until_counted(page: Page) -> int:
    """Capture field after field until the target is reached; return how many cells there are."""
    slide = page.locator("#slide").get_attribute("data-id")
    page.get_by_role("link", name="Capture live").click()
    page.select_option("#source", "browser")
    expect(page.locator("#boxes .cell-box.wbc").first).to_be_visible()
    counted = fields = 0
    for _ in range(20 * FIELDS):
        with page.expect_response("**/camera/captures") as answer:
            page.locator("body").press("Space")
        told = answer.value.json()
        fields += not told["known"]  # the camera may show the same field still
        counted = told["slide"]["by_person"]["counted"]
        if counted >= TARGET:
            break
    assert TARGET <= counted < 2 * TARGET
    assert 3 < fields == told["slide"]["progress"]["fields"]
    expect(page.locator("#slide-count")).to_have_text(f"{counted} of {TARGET} white cells")
    expect(page.locator("#shares-of")).to_contain_text(f"of {TARGET} wanted")
    page.get_by_role("link", name="Back to the slide").click()
    page.wait_for_url(f"**/slides/{slide}")
    expect(page.get_by_text("The target is reached.")).to_be_visible()
    expect(page.locator(".so-far")).to_have_text(f"{counted} of {TARGET} white cells")
    cells: int = told["slide"]["progress"]["cells"]
    return cells


def review_by_keyboard(page: Page, cells: int) -> None:
    """See every white cell: of two classes some one by one, then class by class."""
    reach(page, page.locator("#review"))
    page.keyboard.press("Enter")
    expect(page.locator("#gallery")).to_have_attribute("aria-busy", "false")
    reach(page, page.get_by_label("All", exact=True), backwards=True)
    page.keyboard.press("ArrowRight")  # only unseen
    tiles = page.locator(".tile:visible")
    expect(tiles).to_have_count(cells)
    unidentified = page.locator(".group[data-class=unfamiliar] .tile:visible").count()
    assert ONE_BY_ONE < unidentified < cells - ONE_BY_ONE
    reach(page, tiles.first)
    left = cells
    for key in ("n", "Enter"):  # a class, or confirmed as the model named it
        for _ in range(ONE_BY_ONE):
            page.keyboard.press(key)
            left -= 1
            expect(tiles).to_have_count(left)
        page.keyboard.press("a")  # all others of the class
        page.keyboard.press(key)
        expect(tiles).not_to_have_count(left)
        left = tiles.count()
    while left:
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        expect(tiles).not_to_have_count(left)
        left = tiles.count()
    expect(page.locator("#progress-words")).to_have_text(f"Seen {cells} of {cells}")
    expect(page.locator("[data-unsaved]")).to_have_count(0, timeout=SLOW_MS)


def sign_by_keyboard(page: Page) -> None:
    expect(page.locator("#next")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#sign")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=f"Sign {LABEL}")
    expect(dialog).to_contain_text("each has a class")
    expect(dialog.locator(".signer")).to_have_text("Ada Lovelace")
    reach(page, dialog.get_by_role("button", name="Sign", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator(".records tbody tr")).to_have_count(1)


def saved_report(page: Page) -> str:
    """Save the PDF; return the words in it."""
    page.get_by_role("link", name="Report", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="PDF").click()
    pages = PdfReader(BytesIO(saved.value.path().read_bytes())).pages
    return " ".join(" ".join(each.extract_text() for each in pages).split())


def reach(page: Page, wanted: Locator, backwards: bool = False) -> None:
    """Go to a part of the page as a keyboard does."""
    for _ in range(60):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    pytest.fail(f"no key reaches {wanted}")
