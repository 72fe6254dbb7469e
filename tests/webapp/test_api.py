"""The REST API, in process, with a real engine."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from runtime import Detector, Engine
from tests.tiny_squares import make_squares_detector
from tests.webapp.pictures import png, upload
from webapp import __version__
from webapp.app import create_app
from webapp.settings import Settings
from webapp.uploads import PictureRequest

CLASSIFY = "/api/v1/classify"


def test_a_picture_in_a_form_is_classified(client: FlaskClient) -> None:
    response = client.post(CLASSIFY, data=upload(("smear/red.png", png("red"))))
    assert response.status_code == 200
    assert response.json["schema"] == "hematovision.classify/1"
    (result,) = response.json["results"]
    assert (result["source"], result["label"]) == ("smear/red.png", "red")
    assert next(iter(result["probabilities"])) == "red"
    assert sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert response.json["summary"] == {"answered": 1, "refused": 0, "counts": {"red": 1}}


@pytest.mark.parametrize(
    "name", ["slide 3/a/c.png", "../../etc/passwd", "/etc/passwd", "Zelle ü.png"]
)
def test_a_name_is_answered_as_it_was_sent_and_never_opened(client: FlaskClient, name: str) -> None:
    response = client.post(CLASSIFY, data=upload((name, png("green")), (name, b"hello")))
    answered, refused = response.json["results"]
    assert (answered["source"], answered["label"]) == (name, "green")
    assert (refused["source"], refused["error"]["code"]) == (name, "not_an_image")


def test_a_picture_as_the_body_is_classified(client: FlaskClient) -> None:
    for kind in ("image/png", "application/octet-stream", "application/x-www-form-urlencoded"):
        response = client.post(CLASSIFY, data=png("blue"), content_type=kind)
        assert response.json["results"][0]["label"] == "blue"


def test_many_pictures_are_answered_in_order_around_a_bad_one(client: FlaskClient) -> None:
    pictures = [("a.png", png("blue")), ("notes.txt", b"hello"), ("c.png", png("red"))]
    response = client.post(CLASSIFY, data=upload(*pictures))
    assert response.status_code == 200
    first, second, third = response.json["results"]
    assert (first["label"], third["label"]) == ("blue", "red")
    assert second["error"]["code"] == "not_an_image"
    assert response.json["summary"]["refused"] == 1


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"hello", 415, "not_an_image"),
        (b"", 400, "empty"),
        (png("red", 64)[:-40], 422, "truncated"),
        (png("red", 4), 422, "unsupported"),
        (png("red", 8000), 413, "too_many_pixels"),
    ],
)
def test_the_only_picture_refused_is_an_error(
    client: FlaskClient, content: bytes, status: int, code: str
) -> None:
    response = client.post(CLASSIFY, data=upload(("cell.png", content)))
    assert (response.status_code, response.json["error"]["code"]) == (status, code)
    assert "cell.png" in response.json["error"]["message"]
    assert response.json["error"]["request_id"] == response.headers["X-Request-ID"]


def test_a_request_without_a_picture_is_refused(client: FlaskClient) -> None:
    empty_choice = upload(("", b""))
    for data in (None, {"images": "text"}, {"other": "text"}, empty_choice):
        kind = "multipart/form-data" if data else None
        response = client.post(CLASSIFY, data=data, content_type=kind)
        assert (response.status_code, response.json["error"]["code"]) == (400, "no_images")


def test_a_file_in_another_field_is_not_dropped_silently(client: FlaskClient) -> None:
    data = {**upload(("b.png", png("red"))), "file": (BytesIO(png("blue")), "a.png")}
    response = client.post(CLASSIFY, data=data)
    assert (response.status_code, response.json["error"]["code"]) == (400, "bad_request")
    assert "The form field 'file' holds a file" in response.json["error"]["message"]


def test_a_body_above_the_limit_is_refused(engine: Engine) -> None:
    client = create_app(Settings(max_body_bytes=100_000), engine).test_client()
    for data in (bytes(100_001), upload(("cell.png", bytes(100_000)))):
        response = client.post(CLASSIFY, data=data)
        assert (response.status_code, response.json["error"]["code"]) == (413, "too_large")
        assert "limit is 0.1 MB: send fewer pictures" in response.json["error"]["message"]


def test_too_many_parts_are_refused_in_words(client: FlaskClient) -> None:
    response = client.post(CLASSIFY, data=upload(*[("a.png", png("red"))] * 51))
    assert response.status_code == 413
    assert "more than 50 parts" in response.json["error"]["message"]


def test_uploads_stay_in_memory_whatever_their_size() -> None:
    assert isinstance(PictureRequest({})._get_file_stream(10**9, None), BytesIO)


def test_a_preview_is_the_picture_upright_as_png(client: FlaskClient) -> None:
    turned, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.open(BytesIO(png("red"))).resize((40, 24)).save(turned, "TIFF", exif=exif)
    shown = client.post("/api/v1/preview", data=turned.getvalue())
    picture = Image.open(BytesIO(shown.data))
    assert (shown.mimetype, picture.format, picture.size) == ("image/png", "PNG", (24, 40))
    refused = client.post("/api/v1/preview", data=upload(("notes.tif", b"hello")))
    assert (refused.status_code, refused.json["error"]["code"]) == (415, "not_an_image")


def test_fields_are_put_together_with_exact_intervals(client: FlaskClient) -> None:
    fields = [
        {"classes": {"red": 30, "green": 0}, "nrbc": 1},
        {"classes": {"red": 20, "blue": 50}, "unclassified": 2},
    ]
    told = client.post("/api/v1/differential", json={"fields": fields}).json
    assert (told["fields"], told["counted"], told["unclassified"]) == (2, 100, 2)
    assert told["classes"]["red"]["percent"] == 50
    assert told["classes"]["red"]["interval"] == pytest.approx([39.83, 60.17], abs=0.01)
    assert told["classes"]["green"]["n"] == 0
    assert told["nrbc_per_100_wbc"] == 1
    nothing = client.post("/api/v1/differential", json={"fields": []}).json
    assert (nothing["counted"], nothing["nrbc_per_100_wbc"]) == (0, None)
    for wrong in ({"classes": {"red": -1}}, {"red": 3}):
        answer = client.post("/api/v1/differential", json={"fields": [wrong]})
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_request")


def test_health_names_the_model(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    detector = Detector.load(make_squares_detector(tmp_path), threads=1)
    health = create_app(settings, engine, detector).test_client().get("/api/v1/health").json
    assert (health["status"], health["version"]) == ("ok", __version__)
    assert health["model"]["name"]
    assert health["uptime_s"] >= 0
    assert health["error"] is None


def test_models_are_listed_with_the_broken_ones(
    bundle: Path, engine: Engine, tmp_path: Path
) -> None:
    shutil.copytree(bundle, tmp_path / "copy")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    client = create_app(Settings(models=tmp_path), engine).test_client()
    broken, copy, answering = client.get("/api/v1/models").json["models"]
    assert (broken["folder"], broken["error"]["code"]) == ("broken", "bundle_damaged")
    assert (copy["folder"], answering["folder"]) == ("copy", bundle.name)
    assert (copy["answering"], answering["answering"]) == (False, True)
    assert [c["id"] for c in answering["classes"]] == [c.id for c in engine.bundle.classes]
    assert set(answering["classes"][0]) == {"id", "title", "color"}
    assert answering["variants"][0]["sha256"] == engine.model.sha256


def test_a_bundle_that_is_named_by_a_relative_path_is_listed_once(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle.parent.parent)
    relative = Path(bundle.parent.name, bundle.name)
    settings = Settings(model=relative, models=bundle.parent, detector=bundle / "none")
    client = create_app(settings).test_client()
    (only,) = client.get("/api/v1/models").json["models"]
    assert only["answering"]


def test_without_a_bundle_everything_but_classify_answers(tmp_path: Path) -> None:
    settings = Settings(model=tmp_path, models=tmp_path, detector=tmp_path)
    client = create_app(settings).test_client()
    response = client.post(CLASSIFY, data=png("red"))
    assert (response.status_code, response.json["error"]["code"]) == (503, "bundle_missing")
    health = client.get("/api/v1/health").json
    assert (health["status"], health["error"]["code"]) == ("degraded", "bundle_missing")
    assert client.get("/api/v1/models").json == {"models": []}
