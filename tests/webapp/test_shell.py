"""What every page has: the way around, who is working, and the notice."""

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.webapp.serving import PHONE

PLACES = ["/", "/live", "/slides", "/history", "/device", "/api/docs"]


def current(page: str) -> list[str]:
    return re.findall(r'<a href="([^"]+)" aria-current="page">', page)


def test_each_page_leads_to_all_and_marks_itself(client: FlaskClient) -> None:
    page = client.get("/").text
    navigation = page.split('<nav class="places"')[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', navigation) == PLACES
    assert current(page) == ["/"]


@pytest.mark.parametrize("place", [*PLACES, "/history/trail", "/nothing"])
def test_each_page_says_which_model_answers(client: FlaskClient, place: str) -> None:
    chip = client.get(place).text.split('id="model"')[1].split("</p>")[0]
    assert "tiny 1.0.0" in chip


def test_a_page_below_another_marks_that_one(client: FlaskClient) -> None:
    assert current(client.get("/slides/12/nothing").text) == ["/slides"]
    assert current(client.get("/slidesandmore").text) == []


def test_who_is_working_is_shown_as_typed(client: FlaskClient) -> None:
    assert "Who is working?</span>" in client.get("/").text
    client.set_cookie("person", "J%C3%B6rg%20%3Cb%3E")
    page = client.get("/").text
    assert "Jörg &lt;b&gt;</span>" in page
    assert 'value="Jörg &lt;b&gt;"' in page


@pytest.mark.browser
def test_a_name_is_asked_for_once_and_then_shown(page: Page) -> None:
    page.get_by_role("button", name="Who is working?").click()
    page.get_by_label("Your name").fill(" Ada ")
    page.keyboard.press("Enter")
    expect(page.locator("#person-dialog")).to_be_hidden()
    expect(page.locator("#person .name")).to_have_text("Ada")
    expect(page.locator(".toast")).to_have_text("Ada is working")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["httpOnly"]) == ("person", "Ada", True)
    page.reload()
    expect(page.locator("#person .name")).to_have_text("Ada")


@pytest.mark.browser
@pytest.mark.parametrize("page", [(PHONE, "light")], indirect=True)
def test_on_a_phone_the_pages_are_a_bar_at_the_bottom(page: Page) -> None:
    for link in page.get_by_label("Pages").get_by_role("link").all():
        expect(link).to_be_in_viewport(ratio=1)
    here = page.locator("[aria-current]").bounding_box()
    notice = page.locator(".notice").bounding_box()
    assert here is not None
    assert notice is not None
    assert here["y"] + here["height"] <= notice["y"] + 1
