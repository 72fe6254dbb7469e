"""Fields of one slide share its scale, also when they come one by one; the camera's are fields."""

from typing import Any

import pytest
from flask import Flask

from runtime.images import encode
from runtime.smear import draw_smear
from tests.webapp.api.bench import Technician, drawn
from tests.webapp.pictures import upload
from webapp.bench import bench_of
from webapp.live.camera import camera_of
from webapp.service import service_of
from webapp.store.options import Options, write_options


def test_a_field_of_few_red_cells_gets_the_scale_of_an_earlier_one(ada: Technician) -> None:
    slide = ada.open_slide()
    (first,) = ada.add(slide, 0)["results"]
    assert first["scale_source"] == "red_cells"
    thin = encode(draw_smear(5, white=["neutrophil"], coverage=0.0).picture)
    path = f"/slides/{slide}/fields"
    (later,) = ada.ask("POST", path, data=upload(("thin.png", thin))).json["results"]
    assert (later["scale_source"], later["um_per_px"]) == ("slide", first["um_per_px"])
    other = ada.open_slide("another slide")
    told = ada.ask("POST", f"/slides/{other}/fields", data=upload(("thin.png", thin)))
    assert told.json["results"][0]["scale_source"] != "slide"


def test_the_newest_picture_of_the_camera_is_kept_as_a_field(ada: Technician) -> None:
    slide = ada.open_slide()
    wish = {"json": {"slide": slide}}
    assert ada.refused("POST", "/camera/captures", 409, **wish) == "camera_closed"
    ada.ask("PUT", "/camera", json={"source": "browser"})
    assert ada.refused("POST", "/camera/captures", 503, **wish) == "no_frame"
    ada.ask("POST", "/camera/frame", data=drawn(0), content_type="image/jpeg")
    told = ada.ask("POST", "/camera/captures", **wish).json
    (field,) = told["results"]
    assert told["slide"]["progress"]["fields"] == 1
    assert ada.ask("GET", f"/fields/{field['id']}/picture").data == drawn(0)
    assert ada.refused("POST", "/camera/captures", 404, json={"slide": 99}) == "not_found"


def test_a_capture_is_of_what_was_seen_however_long_its_turn_takes(
    ada: Technician, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide, camera, service = ada.open_slide(), camera_of(app), service_of(app)
    ada.ask("PUT", "/camera", json={"source": "browser"})
    camera.send(drawn(0))
    analyze = service.analyze_more

    def late(*args: Any) -> Any:
        camera.send(drawn(1))
        return analyze(*args)

    monkeypatch.setattr(service, "analyze_more", late)
    (field,) = ada.ask("POST", "/camera/captures", json={"slide": slide}).json["results"]
    assert ada.ask("GET", f"/fields/{field['id']}/picture").data == drawn(0)


@pytest.mark.parametrize("keep", [True, False])
def test_pictures_are_kept_as_the_options_say(ada: Technician, app: Flask, keep: bool) -> None:
    with bench_of(app).writing() as session:
        write_options(session, "Ada", Options(keep_pictures=keep))
    slide = ada.open_slide()
    (field,) = ada.add(slide, 0)["results"]
    assert field["picture_kept"] == keep
    path = f"/fields/{field['id']}/picture"
    if keep:
        assert ada.ask("GET", path)
    else:
        assert ada.refused("GET", path, 404) == "not_found"
