"""The page in a real browser, with a real server, and without a network."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from runtime import Engine
from runtime.table import open_table
from tests.webapp.closing import close
from tests.webapp.pictures import png, shown
from tests.webapp.serving import DESKTOP, PHONE

pytestmark = pytest.mark.browser

CELLS = [shown("red"), shown("blue")]
NOTES = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}


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
    expect(card).to_contain_text("Drawing, not real blood: monocyte")
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


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders as a person does, through the browser's own machinery."""
    session = page.context.new_cdp_session(page)
    files = [str(path) for path in paths]
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": files, "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})


def sources(page: Page, state: str) -> list[str]:
    return page.locator(f".card[data-state={state}] .source .name").all_text_contents()


def test_pictures_of_a_dropped_folder_keep_their_path(page: Page, tmp_path: Path) -> None:
    for name in ("smear/a/c.png", "smear/b/c.png", "smear/top.png", "smear/.hidden/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png("red"))
    (tmp_path / "smear" / "notes.txt").write_text("not named like a picture")
    (tmp_path / "loose").write_bytes(png("blue"))
    drop(page, tmp_path / "smear", tmp_path / "loose")
    expect(page.locator("#progress")).to_have_text("4 of 4")
    found = ["smear/top.png", "smear/a/c.png", "smear/b/c.png", "loose"]
    assert sources(page, "answered") == found
    rows = csv.DictReader(io.StringIO(saved(page, "Save CSV")))
    assert [(row["source"], row["label"]) for row in rows] == [
        *[(name, "red") for name in found[:3]],
        ("loose", "blue"),
    ]


def test_a_dropped_folder_without_pictures_is_answered(page: Page, tmp_path: Path) -> None:
    (tmp_path / "papers" / "empty").mkdir(parents=True)
    (tmp_path / "papers" / "notes.txt").write_text("hello")
    drop(page, tmp_path / "papers")
    refused = page.locator(".card[data-state=refused]")
    expect(refused).to_contain_text("papers is a folder in which no picture can be found")
    expect(page.locator("#announcer")).to_contain_text("no picture can be found")
    (row,) = csv.DictReader(io.StringIO(saved(page, "Save CSV")))
    assert (row["source"], row["label"]) == ("papers", "")


def test_what_cannot_be_read_in_a_dropped_folder_costs_itself_alone(page: Page) -> None:
    page.evaluate(
        """async () => {
            const drawing = await (await fetch("/samples/platelet.png")).blob();
            const entry = (fullPath, more) => ({
                fullPath, name: fullPath.split("/").pop(), isFile: false, isDirectory: false,
                ...more,
            });
            const fails = (resolve, reject) => reject(new DOMException("no", "NotReadableError"));
            const file = (path, read) => entry(path, { isFile: true, file: read });
            const folder = (path, portions) => entry(path, {
                isDirectory: true,
                createReader: () => ({
                    readEntries: (resolve, reject) =>
                        portions ? resolve(portions.shift() ?? []) : fails(resolve, reject),
                }),
            });
            const smear = folder("/smear", [
                [file("/smear/bad.png", fails), folder("/smear/closed", null)],
                [file("/smear/good.png", (resolve) => resolve(new File([drawing], "good.png")))],
            ]);
            const items = [{ kind: "file", webkitGetAsEntry: () => smear }];
            const drop = new Event("drop", { bubbles: true });
            drop.dataTransfer = { types: ["Files"], items };
            document.body.dispatchEvent(drop);
        }"""
    )
    expect(page.locator("#progress")).to_have_text("3 of 3")
    assert sources(page, "answered") == ["smear/good.png"]
    assert sources(page, "refused") == ["smear/bad.png", "smear/closed"]
    expect(page.get_by_text("smear/closed cannot be read (NotReadableError)")).to_be_visible()


def test_a_drop_of_nothing_is_answered(page: Page) -> None:
    page.evaluate(
        """() => {
            const drop = new Event("drop", { bubbles: true });
            drop.dataTransfer = { types: ["Files"], items: [] };
            document.body.dispatchEvent(drop);
        }"""
    )
    expect(page.locator(".card[data-state=refused]")).to_contain_text("Nothing was dropped")


def saved(page: Page, button: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    ending = button.removeprefix("Save ").lower()
    assert re.fullmatch(
        rf"hematovision-2\d{{7}}-\d{{4}}\.{ending}", download.value.suggested_filename
    )
    return Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_the_table_is_that_of_the_command_line(page: Page, engine: Engine, tmp_path: Path) -> None:
    names = ["red, really.png", "blue.png", "huge.png"]
    pixels = {"red, really.png": png("red"), "blue.png": png("blue"), "huge.png": bytes(25_000_001)}
    page.set_input_files(
        "#files", [{"name": n, "mimeType": "image/png", "buffer": pixels[n]} for n in names]
    )
    expect(page.locator("#progress")).to_have_text("3 of 3")
    table = tmp_path / "table.csv"
    with open_table(table, [c.id for c in engine.bundle.classes]) as write:
        for answer in engine.classify_each((n, pixels[n]) for n in names):
            write(answer)
    assert saved(page, "Save CSV") == table.read_text()


def test_the_saved_document_holds_what_the_server_sent(page: Page) -> None:
    sent: list[object] = []
    page.on("response", lambda response: sent.append(response.json()))
    page.set_input_files("#files", [CELLS[0]])
    expect(page.locator("#progress")).to_have_text("1 of 1")
    document = json.loads(saved(page, "Save JSON"))
    assert document == {"schema": "hematovision.session/1", "documents": sent}
    assert document["documents"][0]["schema"] == "hematovision.classify/1"


def test_a_name_that_a_spreadsheet_would_run_is_guarded(page: Page) -> None:
    names = ["=1+1.png", "\uff1d1+1.png"]
    page.set_input_files("#files", [{**CELLS[0], "name": name} for name in names])
    expect(page.locator("#progress")).to_have_text("2 of 2")
    rows = csv.DictReader(io.StringIO(saved(page, "Save CSV")))
    assert [row["source"] for row in rows] == [f"'{name}" for name in names]


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
    page = browser.new_page(reduced_motion="reduce")
    page.goto(live, wait_until="domcontentloaded")
    page.set_input_files("#files", [NOTES, CELLS[0]])
    refused = page.locator(".card[data-state=refused]")
    expect(refused).to_contain_text("notes.txt is not a picture that can be read")
    expect(page.locator(".card[data-state=answered]")).to_have_count(1)
    expect(page.locator("#counts")).to_contain_text("Not read 1")
    error, answer = json.loads(saved(page, "Save JSON"))["documents"]
    assert (error["source"], error["error"]["code"]) == ("notes.txt", "not_an_image")
    assert error["error"]["request_id"]
    assert answer["model"]["name"]
    page.close()


def test_a_drawing_that_does_not_come_is_told(browser: Browser, live: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(live, wait_until="domcontentloaded")
    refused = page.locator(".card[data-state=refused]", has_text="The picture has not come")
    answers = (lambda route: route.abort(), lambda route: route.fulfill(status=500))
    for number, answer in enumerate(answers, start=1):
        page.route("**/samples/monocyte.png*", answer)
        page.get_by_role("button", name="Monocyte").click()
        expect(refused).to_have_count(number)
    page.close()


def test_without_script_the_form_still_answers(browser: Browser, live: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live, wait_until="domcontentloaded")
    classify = page.get_by_role("button", name="Classify")
    classify.click()
    expect(page).to_have_url(f"{live}/")  # the browser itself asks for a picture
    page.set_input_files("#files", CELLS)
    classify.click()
    expect(page.locator(".card[data-state=answered]")).to_have_count(2)
    expect(page.locator(".preview:visible")).to_have_count(0)
    expect(page.locator("#progress")).to_have_text("2 pictures")
    expect(page.locator("#results-title")).to_be_in_viewport()
    close(context)
