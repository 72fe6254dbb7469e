"""Streams of real servers, good and hostile, over HTTP."""

import threading
import time
from contextlib import closing
from itertools import islice

import pytest

from runtime.errors import CameraError, HematoVisionError
from runtime.frames import FrameSource
from runtime.network_camera import Url
from tests.runtime.mjpeg_server import MULTIPART, Body, Write, jpeg, parts, serving


def take(url: str, count: int) -> list[object]:
    with closing(Url(url).frames()) as frames:
        return list(islice(frames, count))


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("edge", [b"--frame", b"frame", b""])
def test_a_stream_gives_its_pictures_in_order(length: bool, edge: bytes) -> None:
    pictures = [jpeg(level) for level in (10, 100, 200)]
    with serving(parts(*pictures, length=length, edge=edge)) as camera:
        assert take(camera.url + "?size=big", 3) == pictures
        assert camera.asked == [("/video?size=big", None)]


def test_the_end_of_a_stream_is_a_loss() -> None:
    with serving(parts(jpeg(1))) as camera, pytest.raises(CameraError, match="ended") as caught:
        take(camera.url, 2)
    assert caught.value.code == "camera_lost"


def test_name_and_password_are_sent_and_never_shown() -> None:
    with serving(parts(jpeg(1))) as camera:
        url = camera.url.replace("://", "://lab:s%40cret@")
        assert "cret" not in Url(url).name
        assert take(url, 1) == [jpeg(1)]
        assert camera.asked == [("/video", "Basic bGFiOnNAY3JldA==")]


def endless_text(write: Write) -> None:
    while True:
        write(b"X-Filler: there is no end to this header\r\n" * 50)


def endless_picture(write: Write) -> None:
    write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 9999999999\r\n\r\n")
    write(jpeg(1)[:-2])
    while True:
        write(bytes(2**16))


@pytest.mark.parametrize(
    ("body", "message"),
    [(endless_text, "no JPEG pictures"), (endless_picture, "more than 25 MB")],
)
def test_a_hostile_stream_ends_with_one_line(body: Body, message: str) -> None:
    with serving(body) as camera, pytest.raises(CameraError, match=message) as caught:
        take(camera.url, 1)
    assert caught.value.code == "camera_stream"
    assert "\n" not in str(caught.value)


def test_endless_headers_of_the_answer_end_with_one_line() -> None:
    many = [(f"X-{i}", "y" * 100) for i in range(500)]
    with (
        serving(parts(jpeg(1)), headers=many) as camera,
        pytest.raises(CameraError, match="headers"),
    ):
        take(camera.url, 1)


@pytest.mark.parametrize(
    ("kind", "status", "code", "message"),
    [
        ("text/html", 200, "camera_stream", "sends text/html"),
        ("image/jpeg", 200, "camera_stream", "not a Motion JPEG stream"),
        (MULTIPART, 404, "camera_missing", "answers 404 Not Found"),
        (MULTIPART, 401, "camera_denied", "NAME:PASSWORD"),
        (MULTIPART, 503, "camera_missing", "answers 503"),
    ],
)
def test_what_is_no_stream_is_said(kind: str, status: int, code: str, message: str) -> None:
    with (
        serving(parts(jpeg(1)), kind, status) as camera,
        pytest.raises(CameraError, match=message) as caught,
    ):
        take(camera.url, 1)
    assert caught.value.code == code


def test_a_redirection_is_not_followed() -> None:
    with (
        serving(parts(jpeg(1))) as other,
        serving(parts(), status=302, headers=[("Location", other.url)]) as camera,
    ):
        with pytest.raises(CameraError, match="answers 302"):
            take(camera.url, 1)
        assert other.asked == []


def test_nobody_there_is_said() -> None:
    with serving(parts()) as camera:
        url = camera.url
    with pytest.raises(CameraError, match="refused") as caught:
        take(url, 1)
    assert caught.value.code == "camera_missing"


def test_a_silent_stream_is_left_when_it_is_closed() -> None:
    go_on = threading.Event()

    def body(write: Write) -> None:
        parts(jpeg(1))(write)
        go_on.wait(20)

    with serving(body) as camera:
        feed = Url(camera.url)
        frames = feed.frames()
        assert next(frames) == jpeg(1)
        threading.Timer(0.2, feed.close).start()
        start_s = time.monotonic()
        with pytest.raises(CameraError):
            next(frames)
        assert time.monotonic() - start_s < 5
        go_on.set()


def dripping(write: Write) -> None:
    for _ in range(600):
        write(b"x")
        time.sleep(0.05)


def test_a_stream_that_drips_is_lost_and_left() -> None:
    states = list[str]()
    with serving(dripping) as camera:
        feed = Url(camera.url)
        feed.patience_s = 0.4
        with FrameSource(feed, lambda state: states.append(state.phase)) as source:
            end_s = time.monotonic() + 10
            while len(camera.asked) < 2 and time.monotonic() < end_s:
                assert source.next(0.05) is None
    assert states[:3] == ["opening", "lost", "opening"]
    assert len(camera.asked) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://camera/video",
        "ftp://camera/video",
        "file:///etc/passwd",
        "http://",
        "http:///video",
        "http://camera:99999/video",
        "http://name:\udcff@camera/video",
        "http://camera:port/video",
        "http://[::1/video",
        "http://camera/a video",
        "http://a camera/video",
        "http://camera/vidéo",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(HematoVisionError, match="not an address of a stream") as caught:
        Url(url)
    assert caught.value.code == "bad_source"


@pytest.mark.parametrize(
    "url", ["https://lab:secret@camera/video", "https://camera/video?user=lab&pwd=secret"]
)
def test_a_refused_address_does_not_show_its_password(url: str) -> None:
    with pytest.raises(HematoVisionError) as caught:
        Url(url)
    assert "secret" not in str(caught.value)


def test_a_password_in_the_query_is_not_shown() -> None:
    assert Url("http://camera/video?user=lab&pwd=secret").name == "http://camera:80/video"
