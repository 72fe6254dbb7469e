"""The pages, as a browser without script sees them."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from runtime.synthetic import CLASSES, draw_cell
from tests.webapp.pictures import png, upload
from tests.webapp.serving import ROOT
from webapp.app import create_app
from webapp.pages.analyze import percent
from webapp.settings import Settings

NOTICE = "For Research Use Only. Not for use in diagnostic procedures."


def test_the_page_says_what_it_is_for_and_shows_drawings(client: FlaskClient) -> None:
    page = client.get("/").text
    assert NOTICE in page
    assert "not real blood" in page
    assert all(f"/samples/{label}.png?seed=" in page for label in CLASSES)


def test_the_form_works_without_script(client: FlaskClient) -> None:
    response = client.post("/", data=upload(("<b>.png", png("red")), ("notes.txt", b"hello")))
    assert response.status_code == 200
    assert "&lt;b&gt;.png" in response.text
    assert "notes.txt is not a picture" in response.text


def test_the_form_says_why_its_only_picture_is_refused(client: FlaskClient) -> None:
    response = client.post("/", data=upload(("notes.txt", b"hello")))
    assert response.status_code == 415
    assert "notes.txt is not a picture" in response.text


def test_a_form_without_a_picture_gets_a_page(client: FlaskClient) -> None:
    response = client.post("/", data=upload(("", b"")))
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert "No picture was chosen" in response.text
    assert "form field" not in response.text


def test_without_a_bundle_the_page_says_what_to_do(tmp_path: Path) -> None:
    response = create_app(Settings(model=tmp_path)).test_client().get("/")
    assert response.status_code == 200
    assert str(tmp_path) in response.text
    assert "copy a whole model bundle" in response.text


def test_a_sample_is_the_drawing_of_its_label_and_seed(client: FlaskClient) -> None:
    response = client.get("/samples/basophil.png?seed=3")
    assert response.mimetype == "image/png"
    assert "max-age" in response.headers["Cache-Control"]
    drawn = np.asarray(Image.open(BytesIO(response.data)))
    assert np.array_equal(drawn, draw_cell("basophil", 3))


@pytest.mark.parametrize(
    "path", ["unicorn.png", "basophil.png?seed=-1", "basophil.png?seed=9999999"]
)
def test_an_unknown_sample_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/samples/{path}").status_code == 404


def test_no_probability_is_shown_as_certain() -> None:
    shown = [percent(share) for share in (1.0, 0.9991, 0.987, 0.5, 0.0004, 0.0)]
    assert shown == [">99.9%", ">99.9%", "98.7%", "50.0%", "<0.1%", "<0.1%"]


def test_pages_hold_no_inline_code_and_name_no_other_host() -> None:
    for file in (ROOT / "webapp").glob("templates/*.html"):
        text = file.read_text()
        assert " style=" not in text
        assert " on" + "click" not in text
        assert "://" not in re.sub(r'placeholder="[^"]*"', "", text)
    for file in (ROOT / "webapp" / "static").iterdir():
        assert "://" not in file.read_text().replace("http://www.w3.org/2000/svg", "")
