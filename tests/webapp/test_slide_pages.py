"""Slides in a real browser: opened, filled with fields, signed, reported, changed, deleted."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import APIRequestContext, Browser, FilePayload, Page, Route, expect
from pypdf import PdfReader

from runtime.images import encode
from tests.tiny_squares import draw_squares, make_squares_detector
from tests.webapp.axe import faults
from tests.webapp.closing import close
from tests.webapp.serving import DESKTOP, PHONE, serving

pytestmark = pytest.mark.browser

SLOW_MS = 60_000
EDGE = {(0, 0): "rbc", (0, 7): "rbc", (5, 0): "rbc", (5, 7): "rbc"}
CELLS = {(1, 2): "wbc", (4, 4): "wbc", (3, 3): "rbc", (3, 2): "rbc", (3, 6): "rbc", **EDGE}
PICTURE = encode(draw_squares({**CELLS, (1, 5): "platelet"}, zoom=4))  # two white cells
GLASS = encode(draw_squares({}, zoom=4))
NOTES: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
API = "/api/v1/slides"
Open = Callable[..., AbstractContextManager[Page]]


def field(name: str, content: bytes = PICTURE) -> FilePayload:
    """Give a picture that has other bytes than those of other names: each is a field of its own."""
    return {"name": name, "mimeType": "image/png", "buffer": content + name.encode()}


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    detector = make_squares_detector(tmp_path_factory.mktemp("detectors"))
    with serving("--detector", str(detector), model=bundle) as (_, url):
        yield url


@pytest.fixture
def open_page(browser: Browser, server: str) -> Open:
    """Open a page of somebody, or of nobody; what a browser complains of fails the test."""

    @contextmanager
    def opened(
        path: str,
        person: str | None = "Ada",
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        forgiven: str = "\0",
    ) -> Iterator[Page]:
        context = browser.new_context(
            base_url=server,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(SLOW_MS)
        complaints = list[str]()
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        if person:
            context.request.put("/api/v1/person", data={"name": person})
        page = context.new_page()
        try:
            page.goto(path)
            yield page
        finally:
            close(context)
        assert [each for each in complaints if forgiven not in each] == []

    return opened


@pytest.fixture
def make_slide(browser: Browser, server: str) -> Iterator[Callable[..., str]]:
    """Open a slide over HTTP, with some fields, all of their cells seen or none."""
    context = browser.new_context(base_url=server, extra_http_headers={"X-Person": quote("Łucja")})

    def made(label: str, fields: int = 0, seen: bool = False, signed: bool = False) -> str:
        answer = context.request.post(API, data={"label": label, "target": 4})
        path = f"{API}/{answer.json()['id']}"
        for number in range(fields):
            sent = {"images": field(f"field-{number}.png")}
            assert context.request.post(f"{path}/fields", multipart=sent).ok
        if seen or signed:
            review(context.request, path)
        if signed:
            assert context.request.post(f"{path}/signatures").ok
        return path.removeprefix("/api/v1")

    yield made
    context.close()


def review(request: APIRequestContext, path: str) -> None:
    """Confirm all cells of a slide over HTTP."""
    cells = request.get(f"{path}/cells").json()["cells"]
    wish = {"cells": [cell["id"] for cell in cells], "class": None}
    assert request.post(f"{path}/reviews", data=wish).ok


def shots(page: Page) -> list[str]:
    return page.locator(".shot b").all_text_contents()


def test_a_label_and_enter_open_a_slide_for_who_says_who_they_are(open_page: Open) -> None:
    with open_page("/slides", person=None, forgiven="400 (BAD REQUEST)") as page:
        expect(page.get_by_text("Open one above with the label")).to_be_visible()
        page.keyboard.type("26-04711")  # the focus is there already, as a scanner needs it
        page.keyboard.press("Enter")
        expect(page.locator("#person-dialog")).to_be_visible()
        page.keyboard.type("Ada")
        page.keyboard.press("Enter")
        page.wait_for_url("**/slides/*")
        expect(page.get_by_role("heading", name="26-04711")).to_be_visible()
        expect(page.get_by_text("Opened by Ada")).to_be_visible()
        expect(page.get_by_text("No field yet")).to_be_visible()
        page.goto("/slides")
        expect(page.get_by_role("row", name="26-04711").first).to_contain_text("0 of 100")


def test_without_a_name_nothing_is_written(open_page: Open) -> None:
    with open_page("/slides", person=None, forgiven="400 (BAD REQUEST)") as page:
        page.get_by_label("Label", exact=True).fill("never")
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(page.locator("#open-error")).to_contain_text("Nobody has said who is at the device")
        page.reload()
        expect(page.get_by_role("link", name="never")).to_have_count(0)


def test_a_label_that_is_open_already_is_gone_on_with(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("twice")
    with open_page("/slides") as page:
        page.keyboard.type("twice")
        page.keyboard.press("Enter")
        expect(page.get_by_text("twice was opened by Łucja and is not signed.")).to_be_visible()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{path}")


def test_pictures_come_in_and_the_differential_grows(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    with open_page(make_slide("grows"), forgiven="415") as page:
        page.set_input_files("#files", [field("one.png"), field("glass.png", GLASS), NOTES])
        expect(page.locator(".shot")).to_have_count(2)
        assert shots(page) == ["Field 2", "Field 1"]
        expect(page.locator(".shot.unusable")).to_contain_text("Left out: ")
        expect(page.locator(".so-far")).to_have_text("2 of 4 white cells")
        expect(page.locator("#arrivals li")).to_have_count(1)
        expect(page.locator("#arrivals")).to_contain_text("notes.txt is not a picture")
        row = page.get_by_role("row", name="Blue")
        expect(row.locator("td")).to_have_text(["2", "100.0", re.compile(r"15\.8.100\.0")])
        page.set_input_files("#files", field("two.png"))
        expect(page.get_by_text("The target is reached.")).to_be_visible()
        expect(page.locator("#announcer")).to_have_text("two.png: 2 white cells")
        expect(page.get_by_role("progressbar").first).to_have_attribute("aria-valuetext", "4 of 4")
        expect(page.get_by_role("link", name="Review 4")).to_be_visible()


def test_a_second_window_sees_what_comes(open_page: Open, make_slide: Callable[..., str]) -> None:
    path = make_slide("shared", fields=1)
    with open_page(path) as page, open_page(path) as other:
        shown = page.locator(".shot").element_handle()
        other.set_input_files("#files", field("more.png"))
        expect(page.locator(".shot")).to_have_count(2)
        assert shown is not None
        assert shown.evaluate("shot => shot.isConnected")  # what stays is not drawn anew
        other.get_by_role("button", name="Edit").click()
        other.get_by_label("Note", exact=True).fill("second smear")
        other.locator("#edit").get_by_text("200", exact=True).click()
        other.locator("#edit").get_by_role("button", name="Keep").click()
        expect(page.get_by_text("second smear")).to_be_visible()
        expect(page.locator(".so-far")).to_have_text("4 of 200 white cells")


def test_a_field_is_shown_with_its_boxes_and_removed(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    with open_page(make_slide("boxes", fields=2)) as page:
        page.locator(".shot").last.click()
        large = page.locator("#field-dialog")
        expect(large.locator(".cell-box.wbc")).to_have_count(2)
        large.get_by_role("button", name="White cell 1: Blue").press("Enter")
        expect(large.locator(".chosen .best .name")).to_have_text("Blue")
        expect(page.locator("#announcer")).to_contain_text("White cell 1: Blue, ")
        large.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Remove field 1").click()
        told = page.locator("#remove")
        expect(told).to_contain_text("Its 2 white cells are no longer counted")
        told.get_by_role("button", name="Remove").click()
        expect(page.locator(".shot")).to_have_count(1)
        assert shots(page) == ["Field 2"]
        expect(page.locator(".so-far")).to_have_text("2 of 4 white cells")


def test_beside_the_name_that_a_person_gave_stands_no_share_of_the_model(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("blast", fields=1)
    with open_page(path) as page:
        cells = page.request.get(f"/api/v1{path}/cells").json()["cells"]
        wish = {"cells": [cell["id"] for cell in cells], "class": "blast"}
        assert page.request.post(f"/api/v1{path}/reviews", data=wish).ok
        page.locator(".shot").click()
        large = page.locator("#field-dialog")
        large.get_by_role("button", name="White cell 1: Blast", exact=True).press("Enter")
        expect(page.locator("#announcer")).to_have_text("White cell 1: Blast")


def test_an_edit_writes_over_nothing_that_another_changed_meanwhile(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("edited")
    with open_page(path, forgiven="409 (CONFLICT)") as page:
        dialog = page.locator("#edit")

        def edit() -> None:
            page.get_by_role("button", name="Edit", exact=False).first.click()

        edit()
        page.request.patch(f"/api/v1{path}", data={"note": "of another"})
        dialog.get_by_label("Label").fill("edited here")
        dialog.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("heading", name="edited here")).to_be_visible()
        edit()
        page.request.patch(f"/api/v1{path}", data={"note": "of another, again"})
        dialog.get_by_label("Note").fill("of this window")
        dialog.get_by_role("button", name="Keep").click()
        expect(dialog.locator(".error")).to_contain_text("changed")
        told = page.request.get(f"/api/v1{path}").json()
        assert (told["label"], told["note"]) == ("edited here", "of another, again")


def test_what_is_missing_is_said_before_signing(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("unseen", fields=1)
    with open_page(path) as page:
        page.get_by_role("button", name="Sign …").click()
        dialog = page.locator("#sign")
        expect(dialog).to_contain_text("2 white cells were not seen by a person.")
        expect(dialog.get_by_role("link", name="Review them")).to_have_attribute(
            "href", f"{path}/review?only=unseen"
        )
        expect(dialog.get_by_role("button", name="Sign")).to_be_disabled()
        review(page.request, f"/api/v1{path}")
        expect(dialog).to_contain_text("All 2 white cells were seen")  # while it is open
        expect(dialog).to_contain_text("The target is not reached: 2 of 4")
        expect(dialog.get_by_role("button", name="Sign")).to_be_enabled()


def test_a_click_that_comes_before_the_script_is_not_lost(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("early", fields=1, seen=True)
    with open_page("/") as page:
        held = list[Route]()
        page.route("**/slide.js*", lambda route: held.append(route), times=1)
        page.goto(path, wait_until="commit")
        page.get_by_role("button", name="Sign …").click()
        expect(page.locator("#sign")).to_be_hidden()
        held.pop().continue_()
        expect(page.locator("#sign")).to_be_visible()
        page.route("**/slides.js*", lambda route: held.append(route), times=1)
        page.goto("/slides", wait_until="commit")
        page.get_by_role("textbox", name="Label").fill("early too")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/slides$"))
        held.pop().continue_()
        expect(page.get_by_role("heading", name="early too")).to_be_visible()


def test_a_slide_is_signed_reported_and_changed_by_another(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("signed", fields=2, seen=True)
    with open_page(path) as page:
        page.get_by_role("link", name="Report", exact=True).click()
        expect(page.get_by_text("PRELIMINARY", exact=True)).to_be_visible()
        page.get_by_role("link", name="Back to the slide").click()
        page.get_by_role("button", name="Sign …").click()
        expect(page.locator("#sign .signer")).to_have_text("Ada")
        page.locator("#sign").get_by_role("button", name="Sign", exact=True).click()
        row = page.locator(".records tbody tr")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("Ada")
        record = page.request.get(f"/api/v1{path}/records/1")
        sha256 = hashlib.sha256(record.body()).hexdigest()
        expect(row.locator("code")).to_have_attribute("title", sha256)
        for gone in ("#intake", ".drop-shot", "#to-sign", "#to-edit"):
            expect(page.locator(gone)).to_have_count(0)
        page.get_by_role("button", name="Change …").click()
        page.locator("#reopen").get_by_role("button", name="Open revision 2").click()
        expect(page.locator("#reopen")).to_be_visible()  # a reason is missing
        page.get_by_label("Why is it changed?").fill("one cell is a blast")
        page.keyboard.press("Tab")
        page.locator("#reopen").get_by_role("button", name="Open revision 2").click()
        expect(page.get_by_text("Revision 2, because: one cell is a blast")).to_be_visible()
        page.locator("#to-sign").click()
        page.locator("#sign").get_by_role("button", name="Sign", exact=True).click()
        expect(row).to_have_count(2)
        expect(row.first).to_contain_text("one cell is a blast")
        page.get_by_role("link", name="Revision 1").click()
        expect(page.get_by_text("SIGNED", exact=True)).to_be_visible()
        page.goto(f"{path}/report")
        expect(page.get_by_text("AMENDED", exact=True)).to_be_visible()


def test_a_slide_is_signed_under_the_name_that_is_shown(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("shown", fields=1, seen=True)
    with open_page(path) as page:
        page.request.put("/api/v1/person", data={"name": "Bob"})  # the cookie of all windows
        page.get_by_role("button", name="Sign …").click()
        dialog = page.locator("#sign")
        expect(dialog.locator(".signer")).to_have_text("Ada")
        with page.expect_response("**/signatures") as answer:
            dialog.get_by_role("button", name="Sign", exact=True).click()
        assert answer.value.ok
        expect(page.locator(".records tbody tr")).to_contain_text("Ada")
        trail = page.request.get("/api/v1/audit?limit=1").json()["entries"]
        assert (trail[0]["action"], trail[0]["act"]["by"]) == ("slide.sign", "Ada")


def test_each_report_is_there_in_each_format(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("formats", fields=1, signed=True)
    with open_page(f"{path}/records/1/report") as page:
        links = page.get_by_label("This report").get_by_role("link").all()[1:]
        found = {
            link.inner_text(): page.request.get(str(link.get_attribute("href"))) for link in links
        }
        assert {name: each.status for name, each in found.items()} == dict.fromkeys(
            ("PDF", "Differential (CSV)", "Cells (CSV)", "JSON", "FHIR"), 200
        )
        paper = PdfReader(BytesIO(found["PDF"].body())).pages[0].extract_text()
        assert "SIGNED" in paper
        assert found["JSON"].json()["revision"] == 1
        assert found["FHIR"].json()["resourceType"] == "Bundle"
        printed = " ".join(PdfReader(BytesIO(page.pdf())).pages[0].extract_text().split())
        assert "SIGNED" in printed
        assert "Back to the slide" not in printed


def test_a_slide_is_deleted_with_a_reason(open_page: Open, make_slide: Callable[..., str]) -> None:
    path = make_slide("gone", fields=1)
    with open_page(path) as page:
        page.get_by_role("button", name="Delete …").click()
        page.get_by_label("Why is it deleted?").fill("opened twice")
        page.locator("#delete").get_by_role("button", name="Delete").click()
        page.wait_for_url("**/slides")
        expect(page.get_by_role("link", name="gone", exact=True)).to_have_count(0)
        assert page.request.get(f"/api/v1{path}").status == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dialogs_shut_nobody_out(
    open_page: Open, make_slide: Callable[..., str], theme: str
) -> None:
    with open_page(make_slide("now", fields=1), theme=theme) as page:
        for button in ("#to-sign", "#to-edit", "#to-delete", ".shot", ".drop-shot"):
            page.locator(button).first.click()
            assert faults(page) == []
            page.keyboard.press("Escape")


def test_a_phone_shows_all_without_scrolling_aside(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    long = "26-0471100000000000000000000000000000000000000000000000"
    path = make_slide(long, fields=1, signed=True)
    with open_page("/slides", size=PHONE) as page:
        for each in ("/slides", path, f"{path}/report", make_slide("phone", fields=1)):
            page.goto(each, wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, each


def test_a_differential_fits_a_narrow_phone(
    open_page: Open, make_slide: Callable[..., str]
) -> None:
    path = make_slide("narrow", fields=1)
    aside = "tables => tables.map(each => each.scrollWidth - each.clientWidth)"
    with open_page(path, size=(360, 740)) as page:
        expect(page.locator(".differential tbody tr").first).to_be_visible()
        assert page.locator(".counting .table-wrap").evaluate_all(aside) == [0]
        page.goto(f"{path}/report", wait_until="networkidle")
        assert set(page.locator(".wide:has(.figures)").evaluate_all(aside)) == {0}
