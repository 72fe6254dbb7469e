"""The page in a real browser, with a real server, and without a network."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.webapp.pictures import png

pytestmark = pytest.mark.browser

DESKTOP, PHONE = (1280, 800), (390, 844)

CELLS = [
    {"name": f"{color}.png", "mimeType": "image/png", "buffer": png(color)}
    for color in ("red", "blue")
]
NOTES = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
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
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    "page",
    [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")],
    indirect=True,
)
def test_two_pictures_in_two_results_out(page: Page) -> None:
    page.set_input_files("#files", CELLS)
    cards = page.locator(".card[data-state=answered]")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text("red.png")
    expect(cards.nth(1).locator(".best .name")).to_have_text("Blue")
    expect(page.locator("#progress")).to_have_text("2 of 2")
    expect(page.locator("#announcer")).to_have_text("2 pictures done, 0 not read")
    expect(cards.nth(0).get_by_alt_text("Picture red.png")).to_be_visible()
    expect(page.get_by_text("For Research Use Only.")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Clear").click()
    expect(cards).to_have_count(0)


def test_a_drawn_cell_takes_the_same_way_and_is_named_a_drawing(page: Page) -> None:
    page.get_by_role("button", name="Draw others").click()
    page.get_by_role("button", name="Monocyte").click()
    card = page.locator(".card[data-state=answered]")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("Drawing, not real blood")
    expect(card).to_contain_text("drawing-monocyte-")


def test_dropped_and_pasted_pictures_are_classified(page: Page) -> None:
    for event, carrier in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.evaluate(
            """async ([event, carrier]) => {
                const drawing = await (await fetch("/samples/platelet.png")).blob();
                const data = new DataTransfer();
                data.items.add(new File([drawing], "image.png", { type: "image/png" }));
                const kind = event === "drop" ? DragEvent : ClipboardEvent;
                document.body.dispatchEvent(new kind(event, { [carrier]: data, bubbles: true }));
            }""",
            [event, carrier],
        )
    answered = page.locator(".card[data-state=answered]")
    expect(answered).to_have_count(2)
    expect(answered.filter(has_text="pasted-1.png")).to_have_count(1)


def test_results_are_saved_as_csv_and_json(page: Page) -> None:
    page.set_input_files("#files", [{**CELLS[0], "name": "=red, really.png"}, CELLS[1]])
    expect(page.locator("#progress")).to_have_text("2 of 2")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["label"] for row in rows] == ["red", "blue"]
    assert rows[0]["source"] == "'=red, really.png"
    with page.expect_download() as download:
        page.get_by_role("button", name="Save JSON").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["schema"] == "hematovision.classify/1"
    assert saved["summary"] == {"answered": 2, "refused": 0, "counts": {"red": 1, "blue": 1}}


def test_the_theme_is_toggled_and_remembered(page: Page) -> None:
    def ground() -> str:
        color: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return color

    before = ground()
    page.get_by_role("button", name="Dark theme").click()
    after = ground()
    page.reload()
    assert before != after == ground()


def test_refusals_are_told_in_place(browser: Browser, live: str) -> None:
    page = browser.new_page()
    page.goto(live, wait_until="domcontentloaded")
    page.set_input_files("#files", [NOTES, CELLS[0]])
    refused = page.locator(".card[data-state=refused]")
    expect(refused).to_contain_text("notes.txt is not a picture that can be read")
    expect(page.locator(".card[data-state=answered]")).to_have_count(1)
    expect(page.locator("#counts")).to_contain_text("Not read 1")
    page.close()


def test_without_script_the_form_still_answers(browser: Browser, live: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live, wait_until="domcontentloaded")
    page.set_input_files("#files", CELLS)
    page.get_by_role("button", name="Classify").click()
    expect(page.locator(".card[data-state=answered]")).to_have_count(2)
    context.close()
