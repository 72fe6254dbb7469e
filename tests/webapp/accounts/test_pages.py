"""The pages of accounts: in every language, open to all, on desktop and phone, and at work."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.webapp.accounts.people import PASSWORD, PEOPLE, signed_in
from tests.webapp.axe import faults
from tests.webapp.closing import close
from tests.webapp.review.seed import seed
from tests.webapp.serving import DESKTOP, PHONE, serving
from tests.webapp.test_texts import marked, untranslated  # noqa: F401 - a fixture
from webapp.store.accounts import add_account, change_role, named_account
from webapp.store.database import Database
from webapp.store.passwords import hashed

LOOKS = ((DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light"))


@pytest.mark.usefixtures("marked")
def test_no_page_shows_a_word_that_cannot_be_translated(guarded: Flask) -> None:
    language = {"Accept-Language": "eo, en;q=0.5"}
    stranger, ada = guarded.test_client(), signed_in(guarded, "Ada")
    names = {*PEOPLE, "wrong"}
    for client, path in ((stranger, "/sign-in"), (ada, "/account"), (ada, "/accounts")):
        page = client.get(path, headers=language).text
        assert '<html lang="eo">' in page
        assert untranslated(page) <= names, path
    trail = ada.get("/history/trail", headers=language).text
    assert untranslated(trail) <= {*names, "setup"}


@dataclass(frozen=True)
class Server:
    """Where a server with accounts is, and its data."""

    url: str
    data: Path


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    with Database.open(data) as database, database.begin() as session:
        for name, role in PEOPLE.items():
            add_account(session, "setup", name, role, hashed(PASSWORD, name))
        add_account(session, "setup", "bench-2", "device")
    arguments = ("--data", str(data))
    with serving(*arguments, model=bundle, stderr=subprocess.DEVNULL) as (_, url):
        yield Server(url, data)


def context_of(browser: Browser, size: tuple[int, int], theme: str) -> BrowserContext:
    return browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        service_workers="block",
    )


def sign_in(page: Page, url: str, name: str, path: str = "/slides") -> None:
    page.goto(url + path)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(url + path)


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_open_to_all(
    browser: Browser, server: Server, look: tuple[tuple[int, int], str]
) -> None:
    context, complaints = context_of(browser, *look), list[str]()
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    shown = [faults(page)]
    sign_in(page, server.url, "Ada")
    for path in ("/account", "/accounts"):
        page.goto(server.url + path)
        if path == "/account":
            page.get_by_label("What the token is for").fill("lab system")
            page.get_by_role("button", name="Make a token").click()
            expect(page.locator("#token")).to_contain_text("hv_")
        for summary in page.locator("summary").all():
            summary.click()
        shown.append(faults(page))
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert shown == [[], [], []]
    page.get_by_role("link", name="Ada").first.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    close(context)
    assert complaints == []


@pytest.mark.browser
def test_work_goes_on_after_signing_in_again(browser: Browser, server: Server) -> None:
    context = context_of(browser, *LOOKS[0])
    page = context.new_page()
    sign_in(page, server.url, "Tom")
    page.get_by_role("textbox", name="Label").fill("26-0417")
    context.clear_cookies()
    page.get_by_role("button", name="Open", exact=True).click()
    again = page.get_by_role("link", name="Sign in again")
    expect(page.get_by_text("Nobody has signed in")).to_be_visible()
    with context.expect_page() as opened:
        again.click()
    opened.value.get_by_label("Name").fill("Tom")
    opened.value.get_by_label("Password").fill(PASSWORD)
    opened.value.get_by_role("button", name="Sign in").click()
    expect(opened.value).to_have_url(f"{server.url}/slides")
    opened.value.close()
    page.get_by_role("button", name="Open", exact=True).click()  # with the proof of the old session
    expect(page.get_by_role("heading", name="26-0417")).to_be_visible()
    expect(page.get_by_text("Opened by Tom")).to_be_visible()
    expect(page.get_by_role("button", name="Sign …")).to_be_hidden()
    expect(page.get_by_role("button", name="Delete …")).to_be_hidden()
    expect(page.get_by_role("button", name="Edit …")).to_be_visible()
    close(context)


PLACES = ["Analyze", "Live", "Slides", "History", "Device", "API"]
WALKED = {
    "Vera": (PLACES[2:], {"Look at the cells", "Report"}),
    "Tom": (PLACES, {"Look at the cells", "Report", "Edit …"}),
    "Rosa": (PLACES, {"Review 2", "Sign …", "Report", "Edit …"}),
    "Ada": (PLACES, {"Review 2", "Sign …", "Report", "Edit …", "Delete …"}),
}


@pytest.mark.browser
@pytest.mark.parametrize("name", WALKED)
def test_each_role_sees_what_it_may_do(browser: Browser, server: Server, name: str) -> None:
    places, acts = WALKED[name]
    slide = seed(server.data, [("red", 0.97, "confident"), ("blue", 0.4, "unfamiliar")])
    context = context_of(browser, *LOOKS[0])
    page = context.new_page()
    sign_in(page, server.url, name)
    page.goto(f"{server.url}/slides/{slide}")
    expect(page.locator("nav.places a")).to_have_text(places)
    shown = page.locator(".slide-head .actions > *").all_inner_texts()
    assert {" ".join(words.split()) for words in shown} == acts
    is_writing, is_reviewing = name != "Vera", name in ("Rosa", "Ada")
    expect(page.get_by_role("button", name="Remove field 1")).to_be_visible(visible=is_writing)
    expect(page.get_by_text("Add pictures", exact=True)).to_be_visible(visible=is_writing)
    page.locator(".shot").click()
    page.get_by_role("button", name="White cell 1: Red").press("Enter")
    expect(page.get_by_role("button", name="Heat map")).to_be_visible(visible=is_writing)
    page.goto(f"{server.url}/slides/{slide}/review")
    expect(page.locator("#gallery")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("button", name="Undo")).to_be_visible(visible=is_reviewing)
    whole = page.get_by_role("button", name="Confirm 1 unseen")
    expect(whole).to_be_visible(visible=is_reviewing)
    page.keyboard.press("Enter")
    words = "1 cell: Confirmed. Seen 1 of 2" if is_reviewing else "Your role looks at the cells"
    told = page.locator("#announcer") if is_reviewing else page.locator("#toasts")
    expect(told).to_contain_text(words)
    if name == "Vera":
        page.goto(server.url)
        expect(page).to_have_url(f"{server.url}/slides")
    page.goto(f"{server.url}/api/docs")
    form = page.locator("form[data-method=DELETE][data-path='/api/v1/slides/{slide_id}']")
    expect(form).to_have_count(int(name == "Ada"))
    close(context)


@pytest.mark.browser
def test_a_review_that_is_refused_is_not_told_as_done(browser: Browser, server: Server) -> None:
    slide = seed(server.data, [("red", 0.97, "confident")])
    context = context_of(browser, *LOOKS[0])
    page = context.new_page()
    sign_in(page, server.url, "Rosa", f"/slides/{slide}/review")
    expect(page.locator("#gallery")).to_have_attribute("aria-busy", "false")
    page.evaluate(
        """new MutationObserver(() => {
          document.body.dataset.told = document.getElementById("announcer").textContent;
        }).observe(document.getElementById("announcer"), { childList: true })"""
    )
    role_of(server.data, "Rosa", "viewer")
    try:
        page.keyboard.press("Enter")
        told = page.get_by_text("Not saved. Rosa has the role viewer, and this needs reviewer")
        expect(told).to_be_visible()
        expect(page.locator("#progress-words")).to_have_text("Seen 0 of 1")
        assert "Confirmed" not in (page.locator("body").get_attribute("data-told") or "")
    finally:
        role_of(server.data, "Rosa", "reviewer")
    close(context)


def role_of(data: Path, name: str, role: str) -> None:
    with Database.open(data) as database, database.begin() as session:
        change_role(session, "setup", named_account(session, name).id, role)


@pytest.mark.browser
def test_a_token_is_copied_and_asked_about_before_it_is_revoked(
    browser: Browser, server: Server
) -> None:
    context = context_of(browser, *LOOKS[0])
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    sign_in(page, server.url, "Tom", "/account")
    page.get_by_label("What the token is for").fill("lab system")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("as the header Authorization: Bearer TOKEN")).to_be_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("The token is copied")).to_be_visible()
    token = page.locator("#token").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == token
    question = page.get_by_role("dialog", name="Revoke the token lab system")
    for answer, is_let_in in (("Cancel", True), ("Revoke", False)):
        page.get_by_role("button", name="Revoke lab system").click()
        expect(question).to_contain_text("Whatever uses it is refused from then on")
        question.get_by_role("button", name=answer).click()
        expect(question).to_be_hidden()
        if not is_let_in:
            expect(page.get_by_role("cell", name="revoked")).to_be_visible()
        asked = page.request.get(
            f"{server.url}/api/v1/slides", headers={"Authorization": f"Bearer {token}"}
        )
        assert asked.ok == is_let_in
    close(context)


@pytest.mark.browser
def test_an_account_is_asked_about_before_it_is_disabled(browser: Browser, server: Server) -> None:
    context = context_of(browser, *LOOKS[0])
    page = context.new_page()
    sign_in(page, server.url, "Ada", "/accounts")
    question = page.get_by_role("dialog", name="Disable bench-2")
    page.get_by_role("button", name="Disable bench-2").click()
    expect(question).to_contain_text("its API tokens open nothing")
    question.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Enable bench-2")).to_have_count(0)
    page.get_by_role("button", name="Disable bench-2").click()
    question.get_by_role("button", name="Disable").click()
    page.get_by_role("button", name="Enable bench-2").click()
    expect(page.get_by_role("button", name="Disable bench-2")).to_be_visible()
    page.get_by_text("Make a token").first.click()
    page.get_by_label("What the token is for").fill("records")
    page.locator("details").get_by_role("button", name="Make a token bench-2").click()
    expect(page.get_by_text("HEMATOVISION_PUSH_TOKEN_FILE")).to_be_visible()
    close(context)


@pytest.mark.browser
def test_who_reads_sees_no_button_that_would_be_refused(browser: Browser, server: Server) -> None:
    context = context_of(browser, *LOOKS[0])
    page = context.new_page()
    sign_in(page, server.url, "Vera")
    expect(page.get_by_role("heading", name="Open a slide")).to_be_hidden()
    page.goto(f"{server.url}/device")
    expect(page.get_by_role("heading", name="Options")).to_be_hidden()
    expect(page.get_by_role("button", name="Test now")).to_be_hidden()
    expect(page.get_by_role("link", name="All accounts")).to_be_hidden()
    page.goto(f"{server.url}/accounts")
    expect(page.get_by_text("Vera has the role viewer")).to_be_visible()
    close(context)
