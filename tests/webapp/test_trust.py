"""What answers are worth, how cells look and why, on the page and over HTTP."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from runtime import Engine, decode
from tests.tiny_bundle import CONFIDENT, UNCERTAIN, UNFAMILIAR, make_trusting_bundle
from tests.webapp.pictures import png, shown, upload
from tests.webapp.serving import serving
from webapp.app import create_app
from webapp.settings import Settings

EXPLAIN = "/api/v1/explain"
STATES = {"confident": CONFIDENT, "uncertain": UNCERTAIN, "unfamiliar": UNFAMILIAR}


def square(color: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (24, 24), color).save(stream, "PNG")
    return stream.getvalue()


CELLS = {f"{state}.png": square(color) for state, color in STATES.items()}


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_trusting_bundle(tmp_path_factory.mktemp("models"))


# Over HTTP


def test_a_heat_map_comes_as_png(client: FlaskClient, engine: Engine) -> None:
    content = png("red", 20)
    for sent in ({"data": content}, {"data": upload(("cell.png", content))}):
        response = client.post(EXPLAIN, **sent)
        assert (response.status_code, response.mimetype) == (200, "image/png")
        assert response.headers["Cache-Control"] == "no-store"
        assert np.array_equal(decode(response.data), engine.explain(content).heat_map)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"hello", 415, "not_an_image"),
        (png("red", 64)[:-40], 422, "truncated"),
        (png("red", 8000), 413, "too_many_pixels"),
        (b"", 400, "no_images"),
    ],
)
def test_what_cannot_be_explained_is_refused_as_in_classify(
    client: FlaskClient, content: bytes, status: int, code: str
) -> None:
    response = client.post(EXPLAIN, data=content)
    assert (response.status_code, response.json["error"]["code"]) == (status, code)


def test_one_picture_is_explained_at_a_time(client: FlaskClient) -> None:
    two = upload(("a.png", png("red")), ("b.png", png("blue")))
    response = client.post(EXPLAIN, data=two)
    assert (response.status_code, response.json["error"]["code"]) == (400, "bad_request")
    assert "send one at a time" in response.json["error"]["message"]


def test_nothing_is_explained_without_a_bundle(tmp_path: Path) -> None:
    client = create_app(Settings(model=tmp_path)).test_client()
    response = client.post(EXPLAIN, data=png("red"))
    assert (response.status_code, response.json["error"]["code"]) == (503, "bundle_missing")


def test_without_script_each_answer_says_what_it_is_worth(trusting: Path) -> None:
    client = create_app(Settings(model=trusting)).test_client()
    page = client.post("/", data=upload(*CELLS.items())).text
    cards = page.split('<template id="card">')[0].split("<article")[1:]
    assert [re.search(r'data-status="(\w+)"', card)[1] for card in cards] == list(STATES)
    assert 'Could also be <span class="names">green, blue</span>' in cards[1]
    assert "<b>warm</b>" in cards[0]
    assert "<b>cool</b>" not in cards[2]


def test_a_bundle_without_trust_says_nothing_of_it(client: FlaskClient) -> None:
    page = client.post("/", data=upload(("red.png", png("red")))).text
    assert "data-status" not in page
    assert "What an answer is worth" not in page
    assert "Confidence is how strongly" in page


# In a browser


@pytest.fixture(scope="module")
def judging(trusting: Path) -> Iterator[str]:
    with serving(model=trusting) as (_, url):
        yield url


@pytest.fixture
def judged(browser: Browser, judging: str) -> Iterator[Page]:
    """The page with one cell of each state."""
    page = browser.new_page(reduced_motion="reduce")
    page.goto(judging, wait_until="domcontentloaded")
    page.set_input_files(
        "#files", [{"name": n, "mimeType": "image/png", "buffer": c} for n, c in CELLS.items()]
    )
    expect(page.locator("#progress")).to_have_text("3 of 3")
    yield page
    page.close()


@pytest.mark.browser
def test_three_states_are_told_apart_without_color(judged: Page) -> None:
    borders, signs = set(), set()
    for state in STATES:
        card = judged.locator(f".card[data-status={state}]")
        expect(card.locator(".status")).to_have_text(state.title(), use_inner_text=True)
        borders.add(card.evaluate("card => getComputedStyle(card).borderTopStyle"))
        signs.add(card.locator(".sign:visible").evaluate("sign => sign.innerHTML"))
    assert borders == {"solid", "dashed", "dotted"}
    assert len(signs) == 3


@pytest.mark.browser
def test_other_classes_and_looks_are_told_where_there_are_any(judged: Page) -> None:
    sure, unsure = (judged.locator(f".card[data-status={s}]") for s in ("confident", "uncertain"))
    expect(unsure.locator(".others")).to_have_text("Could also be green, blue")
    expect(sure.locator(".others")).to_be_hidden()
    expect(sure.get_by_label("How the cell looks")).to_contain_text("Tone warm 99.1%")


@pytest.mark.browser
def test_what_is_unfamiliar_is_called_no_class_and_counted_as_none(judged: Page) -> None:
    card = judged.locator(".card[data-status=unfamiliar]")
    expect(card.locator(".title")).to_be_hidden()
    expect(card.locator(".confidence")).to_be_hidden()
    expect(card.locator(".attributes")).to_be_hidden()
    expect(card).to_contain_text("Not like the stained cells this model knows")
    expect(card.locator(".nearest")).to_have_text("Nearest: blue")
    expect(judged.get_by_role("button", name="Red 2")).to_be_visible()
    expect(judged.get_by_role("button", name="Blue 1")).to_have_count(0)
    judged.get_by_role("button", name="Unfamiliar 1").click()
    expect(judged.locator(".card:visible")).to_have_count(1)
    expect(card).to_be_visible()


@pytest.mark.browser
def test_the_map_comes_when_it_is_asked_for_and_only_once(judged: Page) -> None:
    asked = list[str]()
    judged.on("request", lambda request: asked.append(request.url))
    card = judged.locator(".card[data-status=confident]")
    toggle, heat = card.get_by_role("button", name="Heat map"), card.locator(".heat")
    expect(heat).to_be_hidden()
    for shown_now in (True, False, True):
        toggle.press("Enter")
        expect(toggle).to_have_attribute("aria-pressed", str(shown_now).lower())
        expect(heat).to_be_visible(visible=shown_now)
    expect(card.get_by_alt_text("Heat map of confident.png")).to_be_visible()
    expect(heat).to_contain_text("Warm is what speaks for red")
    assert len([url for url in asked if url.endswith(EXPLAIN)]) == 1


@pytest.mark.browser
def test_a_map_that_does_not_come_is_told_and_can_be_asked_for_again(judged: Page) -> None:
    card = judged.locator(".card[data-status=uncertain]")
    toggle, heat = card.get_by_role("button", name="Heat map"), card.locator(".heat")
    judged.route(f"**{EXPLAIN}", lambda route: route.abort())
    toggle.click()
    expect(heat).to_contain_text("HematoVision does not answer")
    judged.unroute(f"**{EXPLAIN}")
    toggle.click()
    toggle.click()
    expect(card.get_by_alt_text("Heat map of uncertain.png")).to_be_visible()


@pytest.mark.browser
def test_a_refused_picture_has_no_map(judged: Page) -> None:
    judged.set_input_files("#files", [{**shown("red"), "name": "no.png", "buffer": b"hello"}])
    refused = judged.locator(".card[data-state=refused]")
    expect(refused).to_have_count(1)
    expect(refused.locator(".heat-toggle")).to_be_hidden()
    expect(refused.locator(".status")).to_be_hidden()
