"""The documentation of the API, for people."""

import html
import re
import shlex

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.webapp.contract import document
from tests.webapp.pictures import shown
from tests.webapp.serving import DESKTOP, PHONE

DOCS = "/api/docs"
PATIENCE_MS = 20_000  # of a machine that has other work


def test_each_route_has_its_part_with_a_form_and_an_example(client: FlaskClient) -> None:
    page = client.get(DOCS).text
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            assert page.count(f'<article id="{told["operationId"]}"') == 1
            assert f'data-method="{method.upper()}" data-path="{path}"' in page
            assert html.escape(told["summary"], quote=False) in html.unescape(page)
    assert "<code>results[].label</code>" in page
    assert "<code>results[].cells[].classification.label</code>" in page


def test_the_keys_of_an_object_are_told_once(client: FlaskClient) -> None:
    page = client.get(DOCS).text
    assert page.count("by_person.counted</code>") == 1
    assert page.count("object as the answer of DELETE /api/v1/fields/{field_id}") > 5


def test_examples_name_this_server(client: FlaskClient) -> None:
    page = client.get(DOCS, headers={"Host": "127.0.0.1:5001"}).text
    commands = [shlex.split(html.unescape(c)) for c in re.findall("<code>(curl .+?)</code>", page)]
    assert len(commands) == 1 + sum(len(methods) for methods in document()["paths"].values())
    assert all(words[-1].startswith("http://127.0.0.1:5001/") for words in commands)
    asked = {words[-1].removeprefix("http://127.0.0.1:5001/api/v1/") for words in commands}
    assert {"slides/1/report.pdf", "models/NAME/card"} <= asked


def test_examples_say_a_name_where_there_are_no_accounts(client: FlaskClient) -> None:
    page = html.unescape(client.get(DOCS).text)
    assert "curl -H 'X-Person: Ada%20Lovelace' -H 'Content-Type: application/json'" in page
    assert page.count("Authorization: Bearer TOKEN") == 1, "a device's records are sent by token"
    assert "-o answer.json http" in page, "of a report as FHIR"


@pytest.mark.browser
@pytest.mark.parametrize("page", [(DESKTOP, "light"), (PHONE, "dark")], indirect=True)
def test_its_forms_send_what_they_hold(page: Page) -> None:
    page.goto(page.url + "api/docs")
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0
    person = page.locator('form[data-method="PUT"][data-path="/api/v1/person"]')
    person.get_by_role("button", name="Run").press("Enter")
    expect(person.locator("output")).to_contain_text("200 OK", timeout=PATIENCE_MS)
    expect(person.locator("pre")).to_contain_text('"name": "Ada Lovelace"', timeout=PATIENCE_MS)
    told = page.locator('form[data-method="GET"][data-path="/api/v1/person"]')
    told.get_by_role("button", name="Run").press("Enter")
    expect(told.locator("pre")).to_contain_text('"name": "Ada Lovelace"', timeout=PATIENCE_MS)
    pictures = page.locator('form[data-path="/api/v1/classify"]')
    pictures.get_by_label("Pictures").set_input_files([shown("red"), shown("blue")])
    pictures.get_by_role("button", name="Run").press("Enter")
    expect(pictures.locator("pre")).to_contain_text('"label": "blue"', timeout=PATIENCE_MS)
    explained = page.locator('form[data-path="/api/v1/explain"]')
    explained.get_by_label("Picture").set_input_files(shown("red"))
    explained.get_by_role("button", name="Run").press("Enter")
    expect(explained.get_by_role("img")).to_be_visible(timeout=PATIENCE_MS)
