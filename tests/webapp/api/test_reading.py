"""Slides, fields and cells are paged; pictures are shown and kept by browsers."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from runtime.crops import crop
from runtime.images import decode
from tests.webapp.api.bench import Technician, drawn
from tests.webapp.pictures import upload
from tests.webapp.store.fields import add, analysis
from webapp.bench import bench_of


def test_a_thousand_cells_come_page_by_page(ada: Technician, app: Flask) -> None:
    slide = ada.open_slide()
    known = [("neutrophil", 0.5 + n / 500, "confident") for n in range(100)]
    strange = [("lymphocyte", 0.9, "unfamiliar")] * 100
    with bench_of(app).writing() as session:
        for _ in range(5):
            add(session, Path(), slide, analysis(known + strange))
    assert ada.get(f"/slides/{slide}")["progress"]["cells"] == 1000
    cells = ada.cells(slide, limit=150)
    assert len({cell["id"] for cell in cells}) == len(cells) == 1000
    assert [cell["named"] for cell in cells[:500]] == ["unfamiliar"] * 500
    sure = [cell["answer"]["confidence"] for cell in cells[500:]]
    assert sure == sorted(sure)
    first = ada.get(f"/slides/{slide}/cells", order="taken", limit=30)
    second = ada.get(f"/slides/{slide}/cells", order="taken", limit=30, after=first["after"])
    taken = [cell["id"] for cell in first["cells"] + second["cells"]]
    assert taken == sorted(cell["id"] for cell in cells)[:60]
    ada.review(slide, taken[:50], "blast")
    assert {cell["id"] for cell in ada.cells(slide, seen="true")} == set(taken[:50])
    assert ada.get(f"/slides/{slide}")["by_person"]["white"]["blast"]["n"] == 50


def test_slides_come_page_by_page(ada: Technician) -> None:
    opened = [ada.open_slide(f"26-{n:04}") for n in range(5)]
    first = ada.get("/slides", limit=3)
    second = ada.get("/slides", limit=3, after=first["after"])
    listed = [slide["id"] for slide in first["slides"] + second["slides"]]
    assert (listed, second["after"]) == (opened[::-1], None)
    assert ada.get("/slides", **{"from": "2999-01-01T00:00:00Z"})["slides"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "after=x", "from=yesterday", "status=lost", "color=red"]
)
def test_a_search_that_does_not_fit_is_refused(ada: Technician, query: str) -> None:
    assert ada.refused("GET", "/slides", 400, query_string=query) == "bad_request"


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(["slides", "fields"]), number=st.integers(min_value=0))
def test_nothing_is_where_nothing_was_put(ada: Technician, path: str, number: int) -> None:
    assert ada.refused("GET", f"/{path}/{number}", 404) == "not_found"


@pytest.fixture
def slide(ada: Technician) -> int:
    return ada.open_slide()


@pytest.mark.parametrize("after", ["0_" + "9" * 30, "nan_1", "inf_1", "1_-2"])
def test_a_key_that_no_page_gave_is_refused(ada: Technician, after: str) -> None:
    path = f"/slides/{ada.open_slide()}/cells"
    assert ada.refused("GET", path, 400, query_string={"after": after}) == "bad_request"


@pytest.mark.parametrize(
    "query", ["from=0001-01-01T00:00:00%2B14:00", "to=9999-12-31T23:59:59-14:00"]
)
def test_a_time_that_has_none_in_utc_is_refused(ada: Technician, query: str) -> None:
    assert ada.refused("GET", "/slides", 400, query_string=query) == "bad_request"


def test_a_picture_that_was_damaged_is_named(ada: Technician, app: Flask) -> None:
    (field,) = ada.add(ada.open_slide(), 0)["results"]
    (file,) = bench_of(app).pictures.folder.glob("??/*")
    file.write_bytes(file.read_bytes()[:700])
    path = f"/fields/{field['id']}/picture"
    told = ada.client.get(f"/api/v1{path}?side=64")
    assert told.status_code in (415, 422)
    assert told.json["error"]["code"] in ("truncated", "not_an_image")


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(after=st.text(max_size=70))
def test_whatever_page_is_asked_for_the_answer_is_documented(
    ada: Technician, slide: int, after: str
) -> None:
    response = ada.client.get(f"/api/v1/slides/{slide}/cells", query_string={"after": after})
    assert response.status_code in (200, 400)


def test_a_field_is_shown_with_every_box_and_its_picture(ada: Technician) -> None:
    slide = ada.open_slide()
    (added,) = ada.add(slide, 0)["results"]
    whole = ada.get(f"/fields/{added['id']}")
    counts = whole["analysis"]["counts"]
    assert counts == added["counts"]
    assert len(whole["analysis"]["cells"]) == sum(counts.values())
    white = [c["id"] for c in whole["analysis"]["cells"] if c["kind"] == "wbc"]
    assert [cell["number"] for cell in whole["white_cells"]] == white
    path = f"/fields/{added['id']}/picture"
    shown = ada.ask("GET", path)
    assert (shown.data, shown.mimetype) == (drawn(0), "image/jpeg")
    assert "private" in shown.headers["Cache-Control"]
    assert ada.ask("GET", path, 304, If_None_Match=shown.headers["ETag"]).data == b""


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_field_is_shown_small_and_upright(ada: Technician, kind: str) -> None:
    turned, exif, file = (
        Image.open(BytesIO(drawn(0))).crop((0, 0, 480, 320)),
        Image.Exif(),
        BytesIO(),
    )
    exif[ExifTags.Base.Orientation] = 6  # to be turned by a quarter
    turned.save(file, kind, exif=exif)
    sent = upload((f"f.{kind}", file.getvalue()))
    (added,) = ada.ask("POST", f"/slides/{ada.open_slide()}/fields", data=sent).json["results"]
    path = f"/fields/{added['id']}/picture"
    small = ada.ask("GET", path, query_string="side=96")
    shown = Image.open(BytesIO(small.data))
    assert (shown.format, small.mimetype) == ("JPEG", "image/jpeg")
    assert shown.size == (round(96 * turned.height / turned.width), 96)
    whole = np.asarray(Image.fromarray(decode(file.getvalue())).resize(shown.size), float)
    assert np.abs(whole - np.asarray(shown, float)).mean() < 8
    assert ada.ask("GET", path, 304, query_string="side=96", If_None_Match=small.headers["ETag"])


def test_a_cell_is_cut_out_as_the_network_was_given_it(ada: Technician) -> None:
    slide = ada.open_slide()
    ada.add(slide, 0)
    cell = ada.cells(slide)[0]
    path = f"/cells/{cell['id']}/picture"
    whole = ada.ask("GET", path)
    square = crop(decode(drawn(0)), tuple(cell["box"]))
    assert np.array_equal(np.asarray(Image.open(BytesIO(whole.data))), square)
    assert square.shape[:2] == (cell["answer"]["height"], cell["answer"]["width"])
    small = ada.ask("GET", path, query_string="side=64")
    assert Image.open(BytesIO(small.data)).size == (64, 64)
    assert small.headers["ETag"] != whole.headers["ETag"]
    assert ada.ask("GET", path, 304, query_string="side=64", If_None_Match=small.headers["ETag"])
    assert ada.refused("GET", path, 400, query_string="side=4") == "bad_request"


def test_what_browsers_do_not_show_is_shown_as_png(ada: Technician) -> None:
    slide, file = ada.open_slide(), BytesIO()
    Image.open(BytesIO(drawn(0))).save(file, "TIFF", compression="tiff_deflate")
    sent = upload(("f.tif", file.getvalue()))
    (added,) = ada.ask("POST", f"/slides/{slide}/fields", data=sent).json["results"]
    shown = ada.ask("GET", f"/fields/{added['id']}/picture")
    assert shown.mimetype == "image/png"
    assert np.array_equal(decode(shown.data), decode(drawn(0)))
