"""What is done on the review page is saved in the background, whatever comes between."""

import json
from urllib.request import urlopen

import pytest
from playwright.sync_api import Route, expect

from tests.webapp.review.acts import group, named, saved, tiles, write
from tests.webapp.review.conftest import Bench, Review

pytestmark = pytest.mark.browser

OFFLINE = "net::ERR_"


def test_an_answer_that_breaks_off_is_asked_for_again(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide, forgiven=OFFLINE) as page:
        broken = list[str]()

        def cut(route: Route) -> None:
            broken.append(route.request.url)
            route.fulfill(status=200, content_type="application/json", body='{"cells": [')

        page.route("**/reviews", cut, times=1)
        page.keyboard.press("l")
        page.keyboard.press("Enter")
        saved(page)
        assert len(broken) == 1
    assert sum(seen for _, seen in named(bench, slide)) == 2


def test_no_key_waits_for_the_server(bench: Bench, review: Review) -> None:
    slide = bench.slide([("red", 0.5 + n / 100, "confident") for n in range(24)])
    held = list[Route]()
    with review(slide) as page:
        page.route("**/reviews", lambda route: held.append(route))
        for _ in range(24):
            page.keyboard.press("Enter")
        expect(page.locator("#progress-words")).to_have_text("Seen 24 of 24")
        assert len(held) == 1  # one after the other, and none is answered yet
        page.route("**/reviews", lambda route: route.continue_())
        held[0].continue_()
        saved(page)
    assert named(bench, slide) == [("red", True)] * 24


def test_acts_are_undone_one_after_the_other(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        page.keyboard.press("l")
        page.keyboard.press("a")
        page.keyboard.press("o")
        expect(group(page, "Other").locator(".tile")).to_have_count(3)
        page.keyboard.press("z")
        expect(group(page, "Red").locator(".tile")).to_have_count(3)
        expect(group(page, "Red").locator(".tile").first).to_be_focused()
        expect(page.locator("#progress-words")).to_have_text("Seen 1 of 6")
        page.keyboard.press("Control+z")
        expect(page.locator("#progress-words")).to_have_text("Seen 0 of 6, 1 unidentified")
        expect(tiles(page).first).to_be_focused()
        saved(page)
    assert not any(seen for _, seen in named(bench, slide))


def test_what_was_done_before_the_page_was_loaded_is_undone_too(
    bench: Bench, review: Review
) -> None:
    slide = bench.slide()
    with review(slide) as page:
        page.keyboard.press("l")
        saved(page)
        page.reload()
        expect(group(page, "Blast").locator(".tile")).to_have_count(1)
        page.keyboard.press("z")
        expect(group(page, "Blast")).to_have_count(0)
        expect(page.locator("#progress-words")).to_have_text("Seen 0 of 6, 1 unidentified")


def test_what_another_window_did_is_undone_only_when_asked_again(
    bench: Bench, review: Review
) -> None:
    slide = bench.slide()
    with review(slide, forgiven="409 (CONFLICT)") as page:
        last = int(tiles(page).last.get_attribute("data-cell") or "")
        page.keyboard.press("l")
        saved(page)
        wish = {"cells": [last], "class": "other"}
        write(bench, "POST", f"slides/{slide}/reviews", wish, person="Ada")
        page.keyboard.press("z")
        asked = page.locator(".toast", has_text="nothing was undone")
        expect(asked).to_be_visible()
        expect(group(page, "Blast").locator(".tile")).to_have_count(1)
        expect(group(page, "Other").locator(".tile")).to_have_count(1)
        saved(page)
        asked.get_by_role("button", name="Undo").click()
        expect(group(page, "Other")).to_have_count(0)
        expect(group(page, "Blast").locator(".tile")).to_have_count(1)
        saved(page)
    assert [each for each in named(bench, slide) if each[1]] == [("blast", True)]


def test_each_choice_is_saved_under_the_name_that_was_shown(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide, forgiven=OFFLINE) as page:
        other = page.context.new_page()
        other.goto(page.url)
        page.context.set_offline(True)
        page.keyboard.press("l")
        expect(page.locator("#unsaved")).to_contain_text("1 choice is not saved yet")
        page.route("**/reviews", lambda route: route.abort())
        page.context.set_offline(False)
        other.locator("#person").click()
        other.get_by_label("Your name").fill("Bob")
        other.keyboard.press("Enter")
        expect(page.locator("#person .name")).to_have_text("Bob")
        page.unroute("**/reviews")
        saved(page)
        page.keyboard.press("Enter")
        saved(page)
    with urlopen(f"{bench.url}/api/v1/slides/{slide}/cells") as response:  # noqa: S310 - our own
        seen = [cell for cell in json.load(response)["cells"] if cell["seen"]]
    assert {(cell["named"], cell["seen"]["by"]) for cell in seen} == {
        ("blast", "Ada"),
        ("red", "Bob"),
    }


def test_a_choice_that_is_not_saved_is_shown_and_tried_again(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide, forgiven=OFFLINE) as page:
        page.context.set_offline(True)
        page.keyboard.press("l")
        page.keyboard.press("Enter")
        expect(page.locator("#unsaved")).to_contain_text("2 choices are not saved yet")
        expect(page.locator(".tile[data-unsaved]")).to_have_count(2)
        expect(group(page, "Blast").locator(".tile")).to_have_count(1)
        page.keyboard.press("Enter")
        page.keyboard.press("z")  # never sent, so never saved
        expect(page.locator(".tile[data-unsaved]")).to_have_count(2)
        page.context.set_offline(False)
        saved(page)
        expect(page.locator("#unsaved")).to_be_hidden()
    assert [each for each in named(bench, slide) if each[1]] == [("blast", True), ("red", True)]


def test_what_another_has_changed_is_shown_and_the_own_choice_kept(
    bench: Bench, review: Review
) -> None:
    slide = bench.slide()
    with review(slide, forgiven="409 (CONFLICT)") as page:
        last = tiles(page).last.get_attribute("data-cell") or ""
        write(bench, "POST", f"slides/{slide}/reviews", {"cells": [int(last)], "class": "other"})
        page.keyboard.press("l")
        expect(page.locator(".toast")).to_contain_text("changed elsewhere")
        expect(group(page, "Other").locator(".tile")).to_have_count(1)
        expect(group(page, "Blast").locator(".tile")).to_have_count(1)
        saved(page)
        expect(page.locator(".tile:focus .by-model .name")).to_have_text("Red")
        first = group(page, "Blast").locator(".tile").get_attribute("data-cell") or ""
        write(bench, "POST", f"slides/{slide}/reviews", {"cells": [int(first)], "class": "other"})
        group(page, "Blast").locator(".tile").click()
        page.keyboard.press("s")  # this very cell: the other one's word holds
        expect(group(page, "Other").locator(".tile")).to_have_count(2)
        expect(group(page, "Smudge cell")).to_have_count(0)


def test_a_signed_slide_is_only_looked_at(bench: Bench, review: Review) -> None:
    slide = bench.slide([("red", 0.9, "confident")])
    with review(slide) as page:
        page.keyboard.press("Enter")
        saved(page)
    write(bench, "POST", f"slides/{slide}/signatures", {})
    with review(slide) as page:
        expect(page.locator("#read-only")).to_contain_text("This slide is signed")
        expect(page.locator("#classes")).to_be_hidden()
        page.keyboard.press("l")
        expect(page.locator(".toast")).to_contain_text("This slide is signed")
        expect(group(page, "Red").locator(".tile")).to_have_count(1)
        expect(page.locator("#detail-title")).to_be_visible()
        expect(page.get_by_role("link", name="Sign")).to_be_hidden()


def test_a_slide_that_is_signed_meanwhile_takes_no_more(bench: Bench, review: Review) -> None:
    slide = bench.slide([("red", 0.9, "confident")])
    with review(slide, forgiven="409 (CONFLICT)") as page:
        page.keyboard.press("Enter")
        saved(page)
        write(bench, "POST", f"slides/{slide}/signatures", {})
        page.keyboard.press("l")
        expect(page.locator("#read-only")).to_be_visible()
        expect(group(page, "Red").locator(".tile")).to_have_count(1)
        expect(group(page, "Blast")).to_have_count(0)


def test_who_has_not_said_a_name_is_asked_for_it(bench: Bench, review: Review) -> None:
    slide = bench.slide()
    with review(slide) as page:
        page.context.clear_cookies()
        page.reload()
        expect(page.locator("#gallery")).to_have_attribute("aria-busy", "false")
        page.keyboard.press("l")
        page.get_by_label("Your name").fill("Bob")
        page.keyboard.press("Enter")
        expect(page.locator("#person-dialog")).to_be_hidden()
        saved(page)
        group(page, "Blast").locator(".tile").click()
        expect(page.locator("#person-said")).to_have_text("Bob: Blast")
