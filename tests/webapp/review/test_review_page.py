"""The review of a slide in a real browser: by keyboard, by mouse, by touch."""

import re

import pytest
from playwright.sync_api import expect

from tests.webapp.axe import faults
from tests.webapp.review.acts import drag, group, named, saved, tiles
from tests.webapp.review.conftest import NAMES, Bench, Review
from tests.webapp.serving import DESKTOP, PHONE

pytestmark = pytest.mark.browser


def test_cells_come_by_class_the_least_certain_first(bench: Bench, review: Review) -> None:
    with review(bench.slide()) as page:
        assert page.locator(".group:visible h2 .name").all_inner_texts() == [
            "Unidentified", "Red", "Green"
        ]  # fmt: skip
        assert tiles(page).locator(".by-model .name").all_inner_texts() == NAMES
        shares = group(page, "Red").locator(".share").all_inner_texts()
        assert shares == ["55.0%", "91.0%", "97.0%"]
        expect(group(page, "Red").locator(".of")).to_have_text("3 · 3 unseen")
        expect(page.locator("#progress-words")).to_have_text("Seen 0 of 6, 1 unidentified")
        expect(tiles(page).first).to_be_focused()
        expect(tiles(page).first.locator("img")).to_have_js_property("complete", value=True)
        assert tiles(page).first.locator("img").evaluate("img => img.naturalWidth") > 0


def test_all_cells_are_reviewed_by_keyboard_alone(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        expect(page.get_by_role("link", name="Sign")).to_be_hidden()
        page.keyboard.press("l")  # a blast, which the model cannot name
        expect(page.locator("#announcer")).to_have_text("1 cell: Blast. Seen 1 of 6.")
        for key in ("Enter", " ", "Enter"):
            expect(page.locator(".tile:focus .by-model .name")).to_have_text("Red")
            page.keyboard.press(key)
        page.keyboard.press("r")
        expect(page.locator(".tile:focus .by-model .name")).to_have_text("Green")
        page.keyboard.press("Enter")
        expect(page.locator("#announcer")).to_have_text("1 cell: Confirmed. Seen 6 of 6.")
        expect(page.locator("#next")).to_contain_text("All cells are seen, each has a class.")
        expect(page.get_by_role("link", name="Sign")).to_have_attribute(
            "href", f"/slides/{slide}#sign"
        )
        expect(page.locator(".tile:focus")).to_have_count(1)
        saved(page)
    assert sorted(named(bench, slide)) == sorted(
        [("blast", True), *[("red", True)] * 4, ("green", True)]
    )


def test_a_key_that_is_held_writes_once_and_moves_on_and_on(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        with page.expect_response("**/reviews"):
            for _ in range(3):
                page.keyboard.down("l")  # the second and the third are repeated
            page.keyboard.up("l")
        expect(page.locator("#progress-words")).to_have_text("Seen 1 of 6")
        first = page.locator(".tile:focus").get_attribute("data-cell") or ""
        for _ in range(3):
            page.keyboard.down("ArrowRight")
        expect(page.locator(f'.tile[data-cell="{first}"]')).not_to_be_focused()
        page.keyboard.up("ArrowRight")
        saved(page)
    assert sum(seen for _, seen in named(bench, slide)) == 1


def test_what_the_model_said_stays_beside_what_the_person_said(
    bench: Bench, review: Review
) -> None:
    with review(bench.slide()) as page:
        page.keyboard.press("End")
        expect(tiles(page).last).to_be_focused()
        page.keyboard.press("l")
        blast = group(page, "Blast").locator(".tile")
        expect(blast.locator(".by-model")).to_have_text("Green95.0%")
        expect(blast.locator(".by-person")).to_have_text("Blast")
        expect(blast).to_have_accessible_name(re.compile("Green, 95.0%, confident. Blast"))
        blast.click()
        expect(page.locator("#person-said")).to_have_text("Ada: Blast")
        expect(page.locator("#model-said .title")).to_have_text("Green")
        expect(page.locator("#model-said .bars .best .share")).to_have_text("95.0%")


def test_arrow_keys_move_in_reading_order_and_in_rows(bench: Bench, review: Review) -> None:
    with review(bench.slide([("red", 0.5 + n / 100, "confident") for n in range(14)])) as page:
        columns = page.locator(".tiles").evaluate(
            "list => getComputedStyle(list).gridTemplateColumns.split(' ').length"
        )
        assert 1 < columns < 14
        for key, place in (
            ("ArrowRight", 1), ("ArrowDown", 1 + columns), ("ArrowLeft", columns),
            ("ArrowUp", 0), ("ArrowUp", 0), ("End", 13), ("ArrowRight", 13), ("Home", 0),
        ):  # fmt: skip
            page.keyboard.press(key)
            expect(tiles(page).nth(place)).to_be_focused()
        expect(page.locator(".tile[tabindex='0']")).to_have_count(1)


def test_several_cells_are_chosen_by_keys_and_by_mouse(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        tiles(page).nth(1).click()
        page.keyboard.press("Shift+ArrowRight")
        expect(page.locator("#chosen")).to_have_text("2 cells chosen")
        page.keyboard.press("Escape")
        expect(page.locator("#chosen")).to_have_text("1 cell chosen")
        page.keyboard.press("a")
        expect(page.locator("#chosen")).to_have_text("3 cells chosen")
        tiles(page).nth(3).click()
        tiles(page).nth(5).click(modifiers=["Shift"])
        tiles(page).nth(0).click(modifiers=["ControlOrMeta"])
        tiles(page).nth(4).click(modifiers=["ControlOrMeta"])
        expect(page.locator(".tile[aria-selected=true]")).to_have_count(3)
        page.get_by_role("button", name=re.compile("Plasma cell")).click()
        expect(group(page, "Plasma cell").locator(".tile")).to_have_count(3)
        expect(page.locator("[data-class=plasma_cell] .count")).to_have_text("3")
        saved(page)
    assert [name for name, _ in named(bench, slide)].count("plasma_cell") == 3


def test_cells_are_dragged_onto_a_class(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        drag(page, tiles(page).first, page.get_by_role("button", name=re.compile("Blast")))
        expect(group(page, "Blast").locator(".tile")).to_have_count(1)
        tiles(page).nth(1).click(modifiers=["ControlOrMeta"])
        expect(page.locator("#chosen")).to_have_text("2 cells chosen")
        drag(page, group(page, "Red").locator(".tile").nth(1), group(page, "Green"))
        expect(group(page, "Green").locator(".tile")).to_have_count(4)
        expect(group(page, "Red").locator(".tile")).to_have_count(1)
        saved(page)
    assert sorted(named(bench, slide)) == sorted(
        [("blast", True), ("red", False), *[("green", True)] * 2, *[("green", False)] * 2]
    )


def test_filters_are_a_part_of_the_address(bench: Bench, review: Review) -> None:
    with review(bench.slide(), "?only=unidentified") as page:
        expect(page.get_by_label("Only unidentified")).to_be_checked()
        expect(tiles(page)).to_have_count(1)
        page.get_by_label("Only unseen").focus()
        page.keyboard.press("Space")
        expect(page).to_have_url(re.compile(r"\?only=unseen$"))
        expect(tiles(page)).to_have_count(6)
        tiles(page).first.focus()
        for left in range(5, -1, -1):
            page.keyboard.press("l")
            expect(tiles(page)).to_have_count(left)
            assert page.evaluate("document.activeElement !== document.body")
        expect(page.locator("#next")).to_be_focused()
        expect(page.locator("#nothing")).to_have_text("No cell is left here.")


def test_a_cell_that_stays_without_a_class_is_told(bench: Bench, review: Review) -> None:
    with review(bench.slide()) as page:
        for _ in range(6):
            page.keyboard.press("Enter")
        expect(page.locator("#next")).to_contain_text("1 has no class yet")
        expect(page.get_by_role("link", name="Sign")).to_be_hidden()
        page.get_by_role("button", name="Show them").click()
        expect(tiles(page)).to_have_count(1)
        expect(tiles(page)).to_contain_text("Seen, no class")
        page.keyboard.press("s")
        expect(page.get_by_role("link", name="Sign")).to_be_visible()


def test_a_whole_class_is_confirmed_at_once(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        expect(group(page, "Unidentified").locator(".whole")).to_be_hidden()
        page.get_by_role("button", name="Confirm 3 unseen").click()
        expect(page.get_by_role("dialog")).to_contain_text("Of 1 of them the model is not sure")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Confirm 3 unseen").click()
        page.get_by_role("button", name="Confirm 2 confident").click()
        expect(group(page, "Red").locator(".of")).to_have_text("3 · 1 unseen")
        expect(page.locator(".toast")).to_contain_text("2 cells confirmed")
        page.get_by_role("button", name="Confirm 1 unseen").click()
        page.get_by_role("button", name="Confirm 1 cell").click()
        expect(group(page, "Red").locator(".of")).to_have_text("3 · all seen")
        saved(page)
    assert [each for each in named(bench, slide) if each[1]] == [("red", True)] * 3


def test_the_cell_is_seen_in_its_field_and_zoomed(bench: Bench, review: Review) -> None:
    with review(bench.slide()) as page:
        scene = page.locator("#surroundings")
        expect(scene.locator("rect")).to_have_count(6)
        expect(scene.locator(".looked-at")).to_have_count(1)

        def side() -> float:
            return float((scene.get_attribute("viewBox") or "").split()[2])

        before = side()
        page.keyboard.press("+")
        assert side() < before
        page.keyboard.press("-")
        page.keyboard.press("-")
        assert side() > before
        neighbors = page.locator("#neighbours button")
        expect(neighbors).to_have_count(5)
        expect(page.locator("#model-said .attributes")).to_be_hidden()  # an unfamiliar cell
        neighbors.first.click()
        expect(page.locator("#model-said .attributes")).to_contain_text("warm")
        page.get_by_role("button", name="Heat map").click()
        expect(page.locator("#model-said .heat img")).to_be_visible()


def test_the_size_of_tiles_is_remembered(bench: Bench, review: Review) -> None:
    with review(bench.slide()) as page:
        before = tiles(page).first.evaluate("tile => tile.offsetWidth")
        page.get_by_label("Size").fill("240")
        assert tiles(page).first.evaluate("tile => tile.offsetWidth") > before
        page.reload()
        expect(page.get_by_label("Size")).to_have_value("240")


def test_keys_are_shown_and_listed(bench: Bench, review: Review) -> None:
    with review(bench.slide()) as page:
        blast = page.get_by_role("button", name=re.compile("Blast"))
        expect(blast.locator("kbd")).to_have_text("L")
        expect(blast).to_be_in_viewport(ratio=1)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_contain_text("the next unseen cell")
        page.keyboard.press("l")  # read by the dialog, not by the gallery
        page.keyboard.press("Escape")
        expect(group(page, "Blast")).to_have_count(0)


def test_the_list_of_keys_begins_at_its_top_on_a_low_screen(bench: Bench, review: Review) -> None:
    with review(bench.slide(), size=(1280, 500)) as page:
        page.keyboard.press("?")
        expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_in_viewport()


def test_on_a_phone_cells_are_classed_by_touch(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide, size=PHONE, has_touch=True, is_mobile=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        tiles(page).nth(1).tap()
        page.get_by_role("button", name="Several").tap()
        tiles(page).nth(2).tap()
        expect(page.locator("#chosen")).to_have_text("2 cells chosen")
        page.get_by_role("button", name="Class", exact=True).tap()
        page.get_by_role("button", name=re.compile("Blast")).tap()
        expect(page.locator("#progress-words")).to_contain_text("Seen 2 of 6")
        page.get_by_role("button", name="Look closer").tap()
        expect(page.locator("#surroundings")).to_be_in_viewport()
        page.get_by_role("button", name="Close", exact=True).tap()
        expect(page.locator("#detail")).to_be_hidden()
        saved(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_shuts_people_out(
    bench: Bench, review: Review, size: tuple[int, int], theme: str
) -> None:
    with review(bench.slide(), size=size, theme=theme) as page:
        page.keyboard.press("l")
        page.keyboard.press("Enter")
        if size == PHONE:
            page.get_by_role("button", name="Class", exact=True).click()
        page.wait_for_load_state("networkidle")
        assert faults(page) == []
