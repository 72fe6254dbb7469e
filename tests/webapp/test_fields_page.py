"""Whole fields on the page: boxes over a picture that zooms, one cell of it, all together."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from runtime import Detector, Engine
from runtime.cell_table import open_cell_table
from runtime.fields import Analyzer
from runtime.images import encode
from runtime.intervals import clopper_pearson
from runtime.scale import RED_CELL_UM
from tests.tiny_squares import draw_squares, make_squares_detector
from tests.webapp.axe import faults
from tests.webapp.pictures import shown
from tests.webapp.serving import serving

pytestmark = pytest.mark.browser

EDGE = {(0, 0): "rbc", (0, 7): "rbc", (5, 0): "rbc", (5, 7): "rbc"}
CELLS = {(1, 2): "wbc", (4, 4): "wbc", (3, 3): "rbc", (3, 2): "rbc", (3, 6): "rbc", **EDGE}
FIELD = {
    "name": "field.png",
    "mimeType": "image/png",
    "buffer": encode(draw_squares({**CELLS, (1, 5): "platelet"}, zoom=4)),
}


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_squares_detector(tmp_path_factory.mktemp("detectors"))


@pytest.fixture(scope="module")
def looking(bundle: Path, detector: Path) -> Iterator[str]:
    with serving("--detector", str(detector), model=bundle) as (_, url):
        yield url


@pytest.fixture
def fields(browser: Browser, looking: str) -> Iterator[Page]:
    """The page with a field and a single cell, in automatic mode."""
    page = browser.new_page(reduced_motion="reduce")
    page.goto(looking, wait_until="domcontentloaded")
    page.set_input_files("#files", [FIELD, shown("red")])
    expect(page.locator("#progress")).to_have_text("2 of 2")
    yield page
    page.close()


def view(page: Page) -> list[float]:
    box = page.locator(".field-card .scene").get_attribute("viewBox")
    return [float(number) for number in (box or "").split()]


def test_mixed_pictures_are_told_apart_and_can_be_switched(fields: Page) -> None:
    expect(fields.locator(".field-card[data-state=answered]")).to_have_count(1)
    expect(fields.locator(".card[data-state=answered]")).to_contain_text("red.png")
    expect(fields.get_by_role("button", name="Whole fields 1")).to_be_visible()
    fields.get_by_role("button", name="Read as a single cell").click()
    expect(fields.locator(".card[data-state=answered]")).to_have_count(2)
    expect(fields.locator("#tally")).to_be_hidden()


def test_a_chosen_mode_is_kept_for_every_picture(fields: Page) -> None:
    fields.get_by_label("Single cells").focus()
    fields.keyboard.press("Space")
    fields.reload()
    expect(fields.get_by_label("Single cells")).to_be_checked()
    fields.set_input_files("#files", [FIELD])
    expect(fields.locator(".card[data-state=answered]")).to_have_count(1)
    expect(fields.locator(".field-card")).to_have_count(0)


def test_keys_zoom_and_move_the_picture_with_its_boxes(fields: Page) -> None:
    stage = fields.get_by_role("group", name="Field field.png")
    stage.focus()
    whole = view(fields)
    assert whole == [0, 0, 256, 192]
    fields.keyboard.press("+")
    fields.keyboard.press("+")
    closer = view(fields)
    assert closer[2] == pytest.approx(256 / 1.4**2)
    fields.keyboard.press("ArrowRight")
    assert view(fields)[0] > closer[0]
    for _ in range(30):
        fields.keyboard.press("ArrowUp")
    assert view(fields)[1] == 0
    fields.keyboard.press("-")
    assert view(fields)[2] == pytest.approx(256 / 1.4)
    fields.keyboard.press("0")
    assert view(fields) == whole


def test_the_scale_bar_is_as_long_as_it_says(fields: Page) -> None:
    def um_per_px() -> float:
        bar = fields.locator(".scale-bar")
        width = bar.locator("i").evaluate("bar => bar.getBoundingClientRect().width")
        return float(bar.inner_text().split()[0]) / width * stage_px / view(fields)[2]

    stage_px = fields.locator(".stage").evaluate("stage => stage.clientWidth")
    before = um_per_px()
    assert before == pytest.approx(RED_CELL_UM / 32, rel=0.01)  # a red cell is a square of 32 px
    for _ in range(4):
        fields.get_by_role("button", name="Zoom in").click()
    assert um_per_px() == pytest.approx(before, rel=0.01)


def test_a_white_cell_is_opened_by_enter_and_explained(fields: Page) -> None:
    cell = fields.get_by_role("button", name="White cell 1: Blue")
    cell.focus()
    fields.keyboard.press("Enter")
    expect(cell).to_have_attribute("aria-pressed", "true")
    chosen = fields.locator(".chosen .card")
    expect(chosen).to_contain_text("µm across")
    expect(chosen.locator(".best .name")).to_have_text("Blue")
    with fields.expect_request("**/explain") as asked:
        chosen.get_by_role("button", name="Heat map").click()
    expect(chosen.locator(".heat img")).to_be_visible()
    assert asked.value.method == "POST"


def test_kinds_are_told_by_line_and_hidden_one_by_one(fields: Page) -> None:
    lines = {
        kind: fields.locator(f".cell-box.{kind} rect").first.evaluate(
            "rect => getComputedStyle(rect).strokeDasharray"
        )
        for kind in ("wbc", "rbc", "platelet")
    }
    assert len(set(lines.values())) == 3
    toggle = fields.get_by_role("button", name="Red cells 7")
    toggle.click()
    expect(fields.locator(".cell-box.rbc:visible")).to_have_count(0)
    expect(fields.locator(".cell-box.wbc:visible")).to_have_count(2)
    toggle.click()
    expect(fields.locator(".cell-box.rbc:visible")).to_have_count(7)


def test_fields_are_summed_and_saved_as_by_the_command_line(
    fields: Page, engine: Engine, detector: Path, tmp_path: Path
) -> None:
    fields.set_input_files("#files", [{**FIELD, "name": "second.png"}])
    expect(fields.locator("#progress")).to_have_text("3 of 3")
    expect(fields.locator("#tally-counts")).to_contain_text("2 fields · 4 white cells")
    is_table = lambda download: download.suggested_filename.endswith("-fields.csv")  # noqa: E731
    with fields.expect_event("download", is_table) as saved:
        fields.get_by_role("button", name="Save CSV").click()
    analyzer = Analyzer(Detector.load(detector, threads=1), engine)
    with open_cell_table(tmp_path / "cells.csv") as write:
        for name in ("second.png", "field.png"):
            write(analyzer.analyze(FIELD["buffer"], name))
    table = rows_of(Path(saved.value.path()))
    assert table == rows_of(tmp_path / "cells.csv")
    assert len(table) == 2 * 10


def rows_of(table: Path) -> list[dict[str, object]]:
    """Read a table; a number is the same whether it is written as 1 or as 1.0."""

    def value(text: str) -> object:
        try:
            return float(text)
        except ValueError:
            return text

    rows = csv.DictReader(io.StringIO(table.read_text("utf-8-sig")))
    return [{key: value(text) for key, text in row.items()} for row in rows]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_field_shuts_nobody_out(fields: Page, theme: str) -> None:
    fields.emulate_media(color_scheme=theme)
    fields.get_by_role("button", name="White cell 1").press("Enter")
    expect(fields.locator(".chosen .card")).to_be_visible()
    assert faults(fields) == []


def test_shares_are_those_of_the_command_line(fields: Page) -> None:
    rows = fields.locator("#tally-rows tr")
    expect(rows).to_have_count(1)
    low, high = (100 * end for end in clopper_pearson(2, 2))
    expect(rows).to_have_text(f"Blue2100 %{low:.0f}–{high:.0f} %")  # noqa: RUF001 - as it is shown


def test_a_tiff_is_shown_as_the_server_draws_it(browser: Browser, looking: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(looking, wait_until="domcontentloaded")
    page.set_input_files("#files", [as_tiff(FIELD), as_tiff(shown("red"))])
    expect(page.locator("#progress")).to_have_text("2 of 2")
    expect(page.locator(".card .preview img")).to_be_visible()
    expect(page.locator(".field-card .unshown")).to_be_hidden()
    page.get_by_role("button", name="White cell 1").press("Enter")
    chosen = page.locator(".chosen .card")
    expect(chosen.locator(".preview img")).to_be_visible()
    expect(chosen.get_by_role("button", name="Heat map")).to_be_visible()
    page.close()


def as_tiff(picture: dict) -> dict:
    file = io.BytesIO()
    Image.open(io.BytesIO(picture["buffer"])).save(file, "TIFF")
    name = picture["name"].replace(".png", ".tif")
    return {"name": name, "mimeType": "image/tiff", "buffer": file.getvalue()}
