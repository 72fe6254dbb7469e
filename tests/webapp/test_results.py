"""What becomes of the results on the page: shown, filtered, cleared, brought back, tried again."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webapp.pictures import shown
from tests.webapp.serving import DESKTOP, PHONE

pytestmark = pytest.mark.browser

RED, BLUE = shown("red"), shown("blue")
ANSWERED = ".card[data-state=answered]"
DRAWN = "[...document.querySelectorAll('#samples img')].every(image => image.naturalWidth)"
LOST = "HematoVision does not answer: check that it is running"


@pytest.mark.parametrize("page", [(DESKTOP, "light"), (PHONE, "light")], indirect=True)
def test_the_first_result_of_a_drop_is_brought_into_view_whole(page: Page) -> None:
    page.set_input_files("#files", [RED, *[BLUE] * 5])
    expect(page.locator(ANSWERED)).to_have_count(6)
    expect(page.locator("#results-title")).to_be_in_viewport(ratio=1)
    end = page.locator(".source").first.bounding_box()
    notice = page.locator(".notice").bounding_box()
    assert end
    assert notice
    assert end["y"] + end["height"] <= notice["y"]


@pytest.mark.parametrize("page", [(DESKTOP, "light"), (PHONE, "light")], indirect=True)
def test_a_long_name_is_whole_and_on_one_line(page: Page) -> None:
    page.set_input_files("#files", [RED])
    name = page.locator(".best .name")
    line = name.bounding_box()
    name.evaluate("name => { name.textContent = 'Immature granulocyte'; }")
    expect(name).to_have_css("text-overflow", "clip")
    box = name.bounding_box()
    assert line
    assert box
    assert box["height"] == line["height"]
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth")


@pytest.mark.parametrize("page", [((320, 640), "light")], indirect=True)
def test_the_header_keeps_its_shape_on_a_narrow_screen(page: Page) -> None:
    page.locator("#model > span").evaluate("name => name.prepend('blood-cells-large ')")
    chip, theme = (page.locator(name).bounding_box() for name in ("#model", "#theme"))
    assert chip
    assert theme
    assert chip["height"] < 40
    assert theme["width"] == theme["height"]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_count_shows_its_class_alone(page: Page) -> None:
    page.set_input_files("#files", [RED, BLUE, BLUE])
    cards = page.locator(f"{ANSWERED}:visible")
    expect(cards).to_have_count(3)
    blue = page.get_by_role("button", name="Blue 2")
    blue.press("Enter")
    expect(blue).to_have_attribute("aria-pressed", "true")
    expect(cards).to_have_count(2)
    blue.press("Enter")
    expect(blue).to_have_attribute("aria-pressed", "false")
    expect(cards).to_have_count(3)
    blue.click()
    page.set_input_files("#files", [RED])
    expect(cards).to_have_count(4)


def test_cleared_results_can_come_back(page: Page) -> None:
    page.set_input_files("#files", [RED, BLUE])
    expect(page.locator("#progress")).to_have_text("2 of 2")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator("#announcer")).to_have_text("Results cleared")
    page.get_by_role("button", name="Undo").click()
    names = page.locator(f"{ANSWERED} .source .name")
    expect(names).to_have_text(["red.png", "blue.png"])
    expect(page.get_by_role("button", name="Clear")).to_be_focused()


def test_cleared_results_go_for_good_after_some_seconds(browser: Browser, live: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.clock.install()
    page.goto(live, wait_until="domcontentloaded")
    page.set_input_files("#files", [RED])
    expect(page.locator("#progress")).to_have_text("1 of 1")
    page.get_by_role("button", name="Clear").click()
    page.clock.fast_forward(11_000)
    expect(page.locator("#results")).to_be_hidden()
    expect(page.locator("#files")).to_be_focused()
    page.close()


def test_pictures_that_were_cleared_unanswered_are_asked_again(browser: Browser, live: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(live, wait_until="domcontentloaded")
    page.route("**/classify", lambda route: None)  # no answer ever
    page.set_input_files("#files", [RED])
    page.get_by_role("button", name="Clear").click()
    page.unroute("**/classify")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(ANSWERED)).to_have_count(1)
    page.close()


def test_without_the_server_old_drawings_stay_and_pictures_can_be_tried_again(
    browser: Browser, live: str
) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(live)
    page.wait_for_function(f"() => {DRAWN}")
    page.route("**/samples/*", lambda route: route.abort())
    page.route("**/classify", lambda route: route.abort())
    page.get_by_role("button", name="Draw others").click()
    expect(page.get_by_text("No answer")).to_be_visible()
    assert page.evaluate(DRAWN)
    page.set_input_files("#files", [RED, BLUE])
    expect(page.locator(".problem", has_text=re.compile(f"^{LOST}$"))).to_have_count(2)
    page.unroute("**/classify")
    page.get_by_role("button", name="Try again").last.click()
    expect(page.locator(ANSWERED)).to_contain_text("blue.png")
    expect(page.locator(".card:visible")).to_have_count(2)
    expect(page.get_by_text("No answer")).to_be_hidden()
    page.unroute("**/samples/*")
    page.close()


def test_a_drawing_can_be_tried_again(browser: Browser, live: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(live)
    page.wait_for_function(f"() => {DRAWN}")
    for path in ("**/samples/*", "**/classify"):
        page.route(path, lambda route: route.abort())
        page.get_by_role("button", name="Eosinophil").click()
        card = page.locator(".card").first
        expect(card).to_have_attribute("data-state", "refused")
        expect(card).to_contain_text(
            "check that HematoVision is running" if "samples" in path else LOST
        )
        page.unroute(path)
        card.get_by_role("button", name="Try again").click()
        expect(card).to_have_attribute("data-state", "answered")
        expect(card).to_contain_text("Drawing, not real blood: eosinophil")
        expect(card.locator(".preview img")).to_be_visible()
    page.close()


def test_only_what_may_pass_can_be_tried_again(browser: Browser, live: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(live, wait_until="domcontentloaded")
    page.set_input_files(
        "#files", [{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}]
    )
    expect(page.locator(".card[data-state=refused]")).to_have_count(1)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.close()
