"""POST /api/v1/analyze, in process, with two real networks."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from runtime import Detector, Engine
from runtime.images import encode
from tests.tiny_squares import draw_squares, make_squares_detector
from tests.webapp.pictures import upload
from webapp.app import create_app
from webapp.settings import Settings

ANALYZE = "/api/v1/analyze"
CUT_OFF = {(0, 0): "rbc", (0, 7): "rbc", (5, 0): "rbc", (5, 7): "rbc"}
FEW = {(1, 2): "wbc", (3, 3): "rbc", **CUT_OFF}
FIELD = encode(draw_squares({**FEW, (3, 2): "rbc", (3, 6): "rbc"}, zoom=4))
FEW_RED = encode(draw_squares(FEW, zoom=4))


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector.load(make_squares_detector(tmp_path_factory.mktemp("detectors")), threads=1)


@pytest.fixture
def fields(engine: Engine, detector: Detector, bundle: Path) -> FlaskClient:
    settings = Settings(models=bundle.parent, patience_s=0.05)
    return create_app(settings, engine, detector).test_client()


def test_a_field_is_analyzed(fields: FlaskClient) -> None:
    response = fields.post(ANALYZE, data=FIELD)
    assert response.status_code == 200
    assert response.json["schema"] == "hematovision.analyze/1"
    (result,) = response.json["results"]
    assert result["counts"] == {"wbc": 1, "rbc": 7, "platelet": 0}
    assert result["cells"][0]["classification"]["label"] == "blue"
    assert response.json["differential"]["counted"] == 1


def test_the_pictures_of_a_request_are_of_one_slide(fields: FlaskClient) -> None:
    sent = upload(("a.png", FEW_RED), ("notes.txt", b"hello"), ("b.png", FIELD))
    first, refused, second = fields.post(ANALYZE, data=sent).json["results"]
    assert (first["scale_source"], second["scale_source"]) == ("slide", "red_cells")
    assert refused["error"]["code"] == "not_an_image"


def test_the_only_picture_refused_is_an_error(fields: FlaskClient) -> None:
    response = fields.post(ANALYZE, data=upload(("notes.txt", b"hello")))
    assert (response.status_code, response.json["error"]["code"]) == (415, "not_an_image")
    assert fields.post(ANALYZE).json["error"]["code"] == "no_images"


def test_without_a_detector_it_says_so_and_the_rest_answers(client: FlaskClient) -> None:
    response = client.post(ANALYZE, data=FIELD)
    assert (response.status_code, response.json["error"]["code"]) == (503, "bundle_missing")
    assert client.post("/api/v1/classify", data=FIELD).status_code == 200
    assert client.get("/api/v1/health").json["detector"] is None


def test_the_app_tells_which_detector_it_has(fields: FlaskClient, detector: Detector) -> None:
    assert fields.get("/api/v1/health").json["detector"]["sha256"] == detector.model.sha256
    listed = fields.get("/api/v1/models").json["models"]
    assert {m["name"] for m in listed if m["answering"]} == {"tiny", "squares"}


def test_the_settings_name_a_detector(bundle: Path, detector: Detector, tmp_path: Path) -> None:
    settings = Settings(model=bundle, detector=detector.bundle.path, models=bundle.parent)
    assert create_app(settings).test_client().post(ANALYZE, data=FIELD).status_code == 200
    absent = create_app(Settings(model=bundle, detector=tmp_path, models=bundle.parent))
    response = absent.test_client().post(ANALYZE, data=FIELD)
    assert "is not a model bundle" in response.json["error"]["message"]
