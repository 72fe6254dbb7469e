"""The camera over REST, with a real stream, real networks and real losses."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from runtime import Engine
from runtime.images import Picture, decode, encode
from tests.runtime.mjpeg_server import Camera as Server
from tests.runtime.mjpeg_server import Write, serving, stream
from tests.webapp.live.scenes import glass, jpeg, scene, until
from webapp.app import create_app
from webapp.live import opened
from webapp.live.camera import camera_of
from webapp.settings import Settings

CAMERA, FRAME, LOOK = "/api/v1/camera", "/api/v1/camera/frame", "/api/v1/camera/look"
REFERENCE = "/api/v1/camera/white-reference"
ADA = {"X-Person": "Ada"}
CAMERA_THREADS = {"camera", "camera reader", "camera viewer", "camera looker"}
PICTURE = jpeg(scene())


@contextmanager
def streaming(client: FlaskClient, *pictures: Picture) -> Iterator[Server]:
    """Open a camera that streams, and wait for its first picture."""
    with serving(stream([jpeg(picture) for picture in pictures])) as server:
        assert client.put(CAMERA, json={"source": server.url}).status_code == 200
        assert client.get(f"{FRAME}?wait=2").status_code == 200
        yield server


def ask(client: FlaskClient, path: str, seen: TestResponse | None = None) -> TestResponse:
    """Ask for what differs from an earlier answer, and wait for it."""
    headers = {"If-None-Match": seen.headers["ETag"]} if seen else {}
    return client.get(f"{path}?wait=2", headers=headers)


def looked(client: FlaskClient, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Look until what is told is as wanted."""

    def told() -> dict[str, Any] | None:
        document: dict[str, Any] = client.get(LOOK).json
        return document if wanted(document) else None

    found: dict[str, Any] = until(told)
    return found


def refused(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["error"]["code"]


def test_without_a_camera_everything_says_so(client: FlaskClient) -> None:
    assert client.get(CAMERA).json["state"] == "closed"
    assert client.get(LOOK).json["camera"]["message"] == "no camera is open: choose one"
    for response in (client.get(FRAME), client.post(REFERENCE), client.post(FRAME, data=PICTURE)):
        assert refused(response) == (409, "camera_closed")
    assert client.delete(CAMERA).json["state"] == "closed"
    assert client.delete(REFERENCE).status_code == 200
    assert client.get("/api/v1/cameras").json["cameras"] is not None


def test_the_newest_picture_comes_as_the_camera_gave_it(client: FlaskClient) -> None:
    with streaming(client, scene()):
        first = ask(client, FRAME)
        second = ask(client, FRAME, first)
    assert (second.status_code, second.mimetype) == (200, "image/jpeg")
    assert first.data == second.data == PICTURE
    assert first.headers["ETag"] != second.headers["ETag"]


def test_what_has_been_seen_is_not_sent_again(client: FlaskClient, films: Path) -> None:
    (films / "slide").mkdir()
    client.put(CAMERA, json={"source": "slide"})
    until(lambda: client.get(CAMERA).json["state"] == "open")
    assert refused(client.get(FRAME)) == (503, "no_frame")
    (films / "slide" / "1.png").write_bytes(encode(scene()))
    looked(client, lambda told: told["look"])
    for path in (FRAME, LOOK):
        seen = client.get(path)
        again = client.get(path, headers={"If-None-Match": seen.headers["ETag"]})
        assert (seen.status_code, again.status_code, again.data) == (200, 304, b"")
    assert np.abs(decode(client.get(FRAME).data).astype(int) - scene()).mean() < 2


def test_cells_in_view_are_found_named_and_counted_once(client: FlaskClient) -> None:
    with streaming(client, scene()):
        told = looked(client, lambda told: told["counted"] and told["counted"]["fields"] > 5)
    assert told["schema"] == "hematovision.look/1"
    assert told["look"]["result"]["counts"] == {"wbc": 1, "rbc": 4, "platelet": 1}
    assert told["look"]["result"]["cells"][0]["classification"]["label"] == "blue"
    assert (told["look"]["width"], told["look"]["height"]) == (256, 192)
    assert told["look"]["focus"] > 0
    assert told["look"]["given_per_s"] > 0
    assert told["counted"]["counts"] == {"wbc": 1, "rbc": 3, "platelet": 1}  # one red is cut off
    assert told["counted"]["differential"]["classes"]["blue"]["n"] == 1
    assert told["models"]["detect"]["name"] == "squares"


def test_another_slide_is_counted_from_the_beginning(client: FlaskClient) -> None:
    with streaming(client, scene()):
        looked(client, lambda told: told["counted"]["fields"] > 5)
        client.delete("/api/v1/camera/count")
        told = looked(client, lambda told: told["counted"]["counts"]["wbc"] == 1)
    assert told["counted"]["fields"] < 5


def test_a_lost_camera_is_found_again_without_any_action(client: FlaskClient) -> None:
    """It sends a picture and hangs up, again and again."""

    def once(write: Write) -> None:
        write(b"--frame\r\n\r\n" + PICTURE)

    with serving(once) as server:
        client.put(CAMERA, json={"source": server.url})
        seen = set[str]()
        told = looked(
            client,
            lambda told: (
                seen.add(told["camera"]["state"]) or (told["look"] and told["look"]["frame"] > 1)
            ),
        )
        lost = looked(client, lambda told: told["camera"]["state"] == "lost")
    assert told["look"]["result"]["counts"]["wbc"] == 1
    assert lost["camera"]["error"]["code"] == "camera_lost"
    assert lost["camera"]["message"].endswith("has ended the stream: it is tried again")


def test_what_never_answers_is_lost_and_says_why(client: FlaskClient) -> None:
    client.put(CAMERA, json={"source": "http://127.0.0.1:9/video"})
    state = until(lambda: (told := client.get(CAMERA).json)["state"] == "lost" and told)
    assert state["error"]["code"] == "camera_missing"
    assert refused(client.get(FRAME)) == (503, "no_frame")


def test_nothing_is_analyzed_while_nobody_asks(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "RESTS_S", 0.3)
    with streaming(client, scene()):
        looked(client, lambda told: told["look"])
        time.sleep(0.6)
        resting = client.get(LOOK).json["look"]["frame"]  # asking wakes it, after this answer
        newest = int(client.get(FRAME).headers["ETag"].split("-")[1])
        assert newest - resting > 5
        assert looked(client, lambda told: told["look"]["frame"] > newest)


def test_a_white_reference_evens_the_pictures_until_it_is_cleared(
    client: FlaskClient, app: Flask
) -> None:
    uneven = (scene().astype(np.float32) * (glass() / 230)).astype(np.uint8)
    with streaming(client, glass()):
        taken = client.post(REFERENCE).json["white_reference"]
        assert re.fullmatch("[0-9a-f]{64}", taken)
        even = decode(client.get(FRAME).data).astype(int)
        captured = camera_of(app).capture()
        assert captured.white_reference == taken
        name, kept = captured.file()
        assert np.ptp(even.mean(axis=(0, 1))) < 3
        assert np.ptp(even.mean(axis=(0, 2))) < 5
        assert name.startswith("frame ")
        assert np.abs(decode(kept).astype(int) - even).mean() < 2
        assert client.delete(REFERENCE).json["white_reference"] is None
        assert np.ptp(decode(client.get(FRAME).data).mean(axis=(0, 2))) > 50
    with streaming(client, uneven):
        assert client.get(CAMERA).json["white_reference"] is None
        assert refused(client.post(REFERENCE)) == (422, "no_blank_field")


def test_a_capture_is_what_the_camera_sent(client: FlaskClient, app: Flask) -> None:
    with streaming(client, scene()):
        name, kept = camera_of(app).capture().file()
    assert name.startswith("frame ")
    assert kept == PICTURE


def test_the_same_camera_stays_open_and_another_takes_its_place(client: FlaskClient) -> None:
    with streaming(client, scene()) as server:
        first = client.get(FRAME).headers["ETag"].split("-")[0]
        client.put(CAMERA, json={"source": server.url})
        assert client.get(FRAME).headers["ETag"].split("-")[0] == first
        with streaming(client, glass()) as other:
            assert client.get(FRAME).headers["ETag"].split("-")[0] != first
            assert client.get(CAMERA).json["source"] == other.url


def test_the_trail_tells_by_which_white_reference_a_field_was_corrected(
    client: FlaskClient,
) -> None:
    slide = client.post("/api/v1/slides", json={"label": "26-1"}, headers=ADA).json["id"]
    with streaming(client, glass()):
        used = list[str | None]()
        for _ in range(2):  # two pictures that differ: as it came, and corrected
            kept = client.post("/api/v1/camera/captures", json={"slide": slide}, headers=ADA)
            assert kept.status_code == 200
            used.append(client.get(CAMERA).json["white_reference"])
            client.post(REFERENCE)
    (corrected, came, _) = client.get(f"/api/v1/audit?slide={slide}").json["entries"]
    assert [came["detail"]["white_reference"], corrected["detail"]["white_reference"]] == used
    assert f"white reference {used[1][:12]}" in client.get("/history/trail").text


def test_no_thread_is_left_when_it_is_closed(client: FlaskClient) -> None:
    before = set(threading.enumerate())  # another test's camera may still be ending
    with streaming(client, scene()):
        looked(client, lambda told: told["look"])
        own = {t for t in set(threading.enumerate()) - before if t.name.startswith("camera")}
        assert {t.name for t in own} == CAMERA_THREADS
        assert client.delete(CAMERA).json["state"] == "closed"
        assert not [t.name for t in own if t.is_alive()]


def test_few_wait_for_the_camera_and_all_others_are_answered_at_once(
    engine: Engine, bundle: Path, films: Path
) -> None:
    (films / "slide").mkdir()
    app = create_app(Settings(models=bundle.parent, camera_folder=films, watching=1), engine)
    client = app.test_client()
    client.put(CAMERA, json={"source": "slide"})
    waiting = threading.Thread(target=app.test_client().get, args=(f"{FRAME}?wait=2",))
    waiting.start()
    time.sleep(0.3)
    start_s = time.monotonic()
    assert refused(client.get(f"{FRAME}?wait=2")) == (503, "no_frame")
    assert time.monotonic() - start_s < 1
    assert refused(client.post(REFERENCE)) == (503, "busy")
    assert waiting.is_alive()
    waiting.join()
    camera_of(app).close()


def test_without_models_there_are_pictures_and_focus_and_the_reason(
    engine: Engine, bundle: Path
) -> None:
    app = create_app(Settings(models=bundle.parent), engine)
    client = app.test_client()
    with streaming(client, scene()):
        told = looked(client, lambda told: told["look"])
    camera_of(app).close()
    assert told["look"]["focus"] > 0
    assert (told["look"]["result"], told["models"], told["counted"]) == (None, None, None)
    assert told["problem"]["code"] == "bundle_missing"


def test_every_picture_of_a_recording_is_looked_at(client: FlaskClient, films: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV, an extra, is not installed")
    film = films / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 15, (256, 192))
    for _ in range(9):
        writer.write(np.ascontiguousarray(scene()[..., ::-1]))
    writer.release()
    client.put(CAMERA, json={"source": "film.avi"})
    told = looked(client, lambda told: told["camera"]["state"] == "ended" and told["look"])
    until(lambda: client.get(LOOK).json["look"]["frame"] == 9)
    told = client.get(LOOK).json
    assert told["counted"]["fields"] + told["counted"]["unusable"] == 9
    assert told["camera"]["error"] is None
    client.put(CAMERA, json={"source": "film.avi"})  # what has ended is begun again
    assert looked(client, lambda told: told["look"] and told["look"]["frame"] == 9)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("/etc/passwd", "source_denied"),
        ("/dev/null", "source_denied"),
        ("/dev/v4l/by-id/../../../etc/passwd", "source_denied"),
        ("../other.mp4", "source_denied"),
        ("out/secret.mp4", "source_denied"),
        ("nul\0.mp4", "source_denied"),
        ("file:///etc/passwd", "bad_source"),
        ("rtsp://127.0.0.1/", "bad_source"),
        ("http://", "bad_source"),
        ("http://a b/", "bad_source"),
        ("gone.mp4", "not_found"),
        ("notes.txt", "bad_source"),
    ],
)
def test_what_no_page_may_open_is_refused(
    client: FlaskClient, films: Path, tmp_path: Path, source: str, code: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (films / "out").symlink_to(tmp_path / "elsewhere")
    response = client.put(CAMERA, json={"source": source})
    assert response.json["error"]["code"] == code
    assert response.status_code in (400, 403, 404)
    assert client.get(CAMERA).json["state"] == "closed"


def test_without_a_folder_of_its_own_no_file_is_opened(engine: Engine, bundle: Path) -> None:
    client = create_app(Settings(models=bundle.parent), engine).test_client()
    response = client.put(CAMERA, json={"source": "film.avi"})
    assert refused(response) == (403, "source_denied")
    assert "--camera-folder DIR" in response.json["error"]["message"]


def test_name_and_password_of_a_stream_are_not_told(client: FlaskClient) -> None:
    client.put(CAMERA, json={"source": "http://me:secret@127.0.0.1:9/video"})
    until(lambda: client.get(CAMERA).json["state"] == "lost")
    assert "secret" not in client.get(CAMERA).text
    assert "secret" not in client.get(LOOK).text


@pytest.mark.parametrize(
    ("wish", "named"),
    [({}, "source"), ({"source": ""}, "source"), ({"source": "0", "size": [0, 9]}, "size")],
)
def test_a_wish_that_does_not_fit_is_told_where(
    client: FlaskClient, wish: dict[str, Any], named: str
) -> None:
    response = client.put(CAMERA, json=wish)
    assert refused(response) == (400, "bad_request")
    assert named in response.json["error"]["message"]


@pytest.mark.parametrize("wait", ["-1", "3", "nan"])
def test_nobody_waits_for_long(client: FlaskClient, wait: str) -> None:
    assert refused(client.get(f"{FRAME}?wait={wait}")) == (400, "bad_request")


def test_pictures_of_the_browser_go_the_same_way(client: FlaskClient, app: Flask) -> None:
    assert client.put(CAMERA, json={"source": "browser"}).json["source"] == "browser"
    told = None
    for number in (1, 2, 3):
        assert client.post(FRAME, data=PICTURE).json == {"frame": number}
        told = looked(client, lambda told, n=number: told["look"] and told["look"]["frame"] == n)
    assert told["counted"]["counts"] == {"wbc": 1, "rbc": 3, "platelet": 1}
    assert camera_of(app).capture().file() == ("frame 3", PICTURE)
    client.post(FRAME, data=b"no picture")
    told = looked(client, lambda told: told["look"]["frame"] == 4)
    assert told["look"]["result"]["error"]["code"] == "not_an_image"


def test_only_the_open_browser_may_send_pictures(client: FlaskClient) -> None:
    with streaming(client, scene()):
        assert refused(client.post(FRAME, data=PICTURE)) == (409, "camera_closed")
