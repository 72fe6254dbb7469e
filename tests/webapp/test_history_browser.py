"""History and device in a real browser: by scanner, with dialog, live self-test."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.webapp.axe import faults
from tests.webapp.filled import FIELD, fill
from tests.webapp.serving import DESKTOP, PHONE, serving
from tests.webapp.store.fields import CLASSES, add, analysis, cells_of
from tests.webapp.store.test_received import DEVICE, outgoing
from webapp.bench import Bench
from webapp.store.received import receive
from webapp.store.review import review_cells
from webapp.store.signing import sign_slide
from webapp.store.slides import open_slide

pytestmark = pytest.mark.browser

NAME = "microscope-bench-2.haematology.hospital.example"
SENT = ("26-04711", "Ward 7 of the night shift, smear 2 of the same patient, made again", "W" * 200)


def send(bench: Bench, folder: Path) -> None:
    """Keep records as if a device with slides of long labels had sent them."""
    (folder / "device").mkdir()
    there, place = Bench.open(folder / "device"), folder / "device"
    for label in SENT:
        with there.writing() as session:
            slide = open_slide(session, "Ada", label)
            add(session, place, slide.id, analysis(FIELD[:1]))
            cells = [cell.id for cell in cells_of(session, slide.id)]
            review_cells(session, slide.id, "Ada", cells, None, CLASSES)
            sign_slide(session, slide.id, "Ada", CLASSES, "HematoVision")
    with bench.writing() as session:
        for record in outgoing(there.database):
            receive(session, "bench 2", DEVICE, NAME, record)
    there.close()


@pytest.fixture(scope="module")
def live(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real server with slides in its history."""
    folder = tmp_path_factory.mktemp("kept")
    bench = Bench.open(folder)
    fill(bench, folder, 4)
    send(bench, folder)
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


@pytest.mark.parametrize("page", [(PHONE, "light"), ((360, 740), "dark")], indirect=True)
def test_records_of_devices_fit_a_phone(page: Page, live: str) -> None:
    page.goto(f"{live}/history", wait_until="networkidle")
    page.get_by_role("link", name="From devices").click()
    expect(page.locator(".slides tbody tr")).to_have_count(len(SENT))
    assert page.locator("html").evaluate("each => each.scrollWidth <= innerWidth")
    assert faults(page) == []
    page.get_by_role("link", name="smear 2").first.click()
    expect(page.get_by_text(NAME)).to_be_visible()
    assert page.locator("html").evaluate("each => each.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Back to the records from devices").click()
    page.wait_for_url("**/history/received")


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
