"""History and device in a real browser: by scanner, with dialog, live self-test."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.webapp.axe import faults
from tests.webapp.filled import fill
from tests.webapp.serving import DESKTOP, PHONE, serving
from webapp.bench import Bench

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real server with slides in its history."""
    folder = tmp_path_factory.mktemp("kept")
    bench = Bench.open(folder)
    fill(bench, folder, 4)
    bench.close()
    with serving("--data", str(folder), model=bundle) as (_, url):
        yield url


def test_a_scanner_finds_a_slide_wherever_the_focus_is(page: Page, live: str) -> None:
    page.goto(f"{live}/history", wait_until="networkidle")
    page.locator("h1").click()
    page.keyboard.type("26-001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/history?label=26-001*")
    expect(page.locator(".slides tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="26-001", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="PDF 26-001")).to_have_attribute("download", "")


def test_a_slide_is_deleted_by_who_says_who_and_why(page: Page, live: str) -> None:
    page.goto(f"{live}/history", wait_until="networkidle")
    page.get_by_role("link", name="Delete 26-003").click()
    dialog = page.get_by_role("dialog", name="Delete 26-003")
    dialog.get_by_label("Why is it deleted?").fill("opened twice")
    dialog.get_by_role("button", name="Delete for good").click()
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#person .name")).to_have_text("Ada Lovelace")
    expect(page.get_by_text("26-003 was deleted.")).to_be_visible()
    page.get_by_role("link", name="Its trail is kept").click()
    expect(page.locator(".trail tbody tr").first).to_contain_text("Deleted 26-003: opened twice")
    expect(page.locator(".trail tbody tr").first).to_contain_text("Ada Lovelace")


def test_the_self_test_goes_step_by_step(page: Page, live: str) -> None:
    page.goto(f"{live}/device", wait_until="networkidle")
    page.get_by_role("button", name="Test now").click()
    expect(page.locator("#test-said")).to_have_text("All is well.", timeout=60_000)
    expect(page.locator("#steps li[data-state=ok]")).to_have_count(
        page.locator("#steps li").count()
    )
    assert faults(page) == []


def test_a_class_is_added_and_kept(page: Page, live: str) -> None:
    page.context.add_cookies([{"name": "person", "value": "Ada", "url": live}])
    page.goto(f"{live}/device", wait_until="networkidle")
    page.get_by_role("button", name="Another class").click()
    page.keyboard.type("Hairy cell")
    page.locator("#class-rows tr").last.get_by_role("combobox").select_option("white")
    page.locator("#options-form").get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The options are kept.")).to_be_visible()
    expect(page.get_by_label("Key of Hairy cell")).to_have_value("h")


def test_a_report_of_the_device_is_saved(page: Page, live: str) -> None:
    page.goto(f"{live}/device", wait_until="networkidle")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save a report of this device").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["schema"] == "hematovision.device/1"
    assert download.value.suggested_filename.startswith("hematovision-device-2")


@pytest.mark.parametrize("page", [(DESKTOP, "light"), (PHONE, "light")], indirect=True)
def test_a_label_without_a_space_widens_no_page(page: Page, live: str) -> None:
    label, headers = "W" * 200, {"X-Person": "Ada"}
    page.request.post(f"{live}/api/v1/slides", data={"label": label}, headers=headers)
    for place in ("/history", "/history/trail"):
        page.goto(f"{live}{place}", wait_until="networkidle")
        expect(page.get_by_role("link", name=label, exact=True).first).to_be_visible()
        for wide in ("html", ".table-wrap"):
            fits = "each => each.scrollWidth <= each.clientWidth"
            assert page.locator(wide).evaluate(fits), (place, wide)
