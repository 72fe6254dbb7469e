"""Cameras at this machine and recordings; what needs OpenCV skips where it is not installed."""

import http.server
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime.camera import Usb, Video, lock_automatics, usb_cameras
from runtime.errors import CameraError, HematoVisionError
from runtime.frames import FrameSource
from runtime.images import Picture
from runtime.network_camera import Url
from runtime.sources import cameras, feed_of
from runtime.synthetic import draw_cell
from runtime.watched_folder import WatchedFolder

HAS_OPENCV = importlib.util.find_spec("cv2") is not None
needs_opencv = pytest.mark.skipif(not HAS_OPENCV, reason="OpenCV, an extra, is not installed")
without_opencv = pytest.mark.skipif(HAS_OPENCV, reason="OpenCV is installed")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tells of Linux")
SIZE_PX = 96

Film = Callable[..., Path]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Write pictures as a video file."""

    def written(pictures: list[Picture], name: str = "film.avi") -> Path:
        import cv2

        code = cv2.VideoWriter.fourcc(*("mp4v" if name.endswith("mp4") else "MJPG"))
        height, width, _ = pictures[0].shape
        writer = cv2.VideoWriter(str(tmp_path / name), code, 15, (width, height))
        assert writer.isOpened()
        for picture in pictures:
            writer.write(picture[..., ::-1])
        writer.release()
        return tmp_path / name

    return written


@pytest.fixture
def cells() -> list[Picture]:
    """A drawn cell that drifts to the right."""
    cell = draw_cell("neutrophil", 1, SIZE_PX, 0.3)
    return [np.roll(cell, 5 * step, axis=1) for step in range(10)]


@needs_opencv
@pytest.mark.parametrize("name", ["film.avi", "film.mp4"])
def test_a_video_gives_each_of_its_pictures(film: Film, cells: list[Picture], name: str) -> None:
    with FrameSource(feed_of(str(film(cells, name)))) as source:
        found = []
        while (frame := source.next(20)) is not None:
            found.append(frame.picture().astype(np.int16))
        assert source.state.phase == "ended"
        assert source.state.error is None
    assert len(found) == len(cells)
    for picture, cell in zip(found, cells, strict=True):
        assert np.abs(picture - cell).mean() < 12  # colors are kept, in their order


@needs_opencv
def test_a_video_that_is_cut_off_gives_what_is_there_and_says_so(
    film: Film, cells: list[Picture]
) -> None:
    whole = film(cells)
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    frames = Video(whole).frames()
    assert len(list(islice(frames, 3))) == 3
    with pytest.raises(HematoVisionError, match=r"cut off after \d of 10") as caught:
        list(frames)
    assert caught.value.code == "truncated"


@needs_opencv
@pytest.mark.parametrize("content", [b"", b"RIFF\0\0\0\0AVI ", b"no video " * 500])
def test_what_is_no_video_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(HematoVisionError, match="not a video") as caught:
        list(Video(tmp_path / "film.mp4").frames())
    assert caught.value.code == "not_an_image"


@needs_opencv
@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{url}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n",
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_video_that_names_an_address_is_not_followed(
    tmp_path: Path, content: str, suffix: str
) -> None:
    asked = list[str]()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        file = tmp_path / f"list{suffix}"
        file.write_text(content.format(url=f"http://127.0.0.1:{server.server_port}/a.ts"))
        with pytest.raises(HematoVisionError, match="not a video"):
            list(Video(file).frames())
        server.shutdown()
    assert asked == []


@needs_opencv
@pytest.mark.parametrize("name", ["film.mp4", f"{'x' * 300}.mp4", "a\0b.mp4"], ids=ascii)
def test_a_video_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(HematoVisionError, match="does not exist") as caught:
        feed_of(str(tmp_path / name))
    assert caught.value.code == "not_found"


@needs_opencv
@linux
@pytest.mark.skipif(Path("/dev/video0").exists(), reason="this machine has a camera")
@pytest.mark.parametrize("source", ["0", "/dev/video0", "/dev/v4l/by-id/usb-none"])
def test_a_machine_without_a_camera_says_so(source: str) -> None:
    with pytest.raises(CameraError, match="is not there: plug the camera in") as caught:
        list(feed_of(source).frames())
    assert caught.value.code == "camera_missing"


@needs_opencv
@linux
def test_a_camera_that_another_program_has_open_is_busy(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    code = "import sys; f = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(device)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(CameraError, match=f"in use by .* \\(process {other.pid}\\)") as caught:
            list(Usb(str(device)).frames())
        other.communicate(b"")
    assert caught.value.code == "camera_busy"


@needs_opencv
@linux
def test_what_is_no_camera_is_said(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    with pytest.raises(CameraError, match="cannot be opened as a camera"):
        list(Usb(str(tmp_path / "video0")).frames())


@without_opencv
def test_without_opencv_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    for source in ("0", str(tmp_path / "film.mp4")):
        with pytest.raises(HematoVisionError, match="install opencv-python-headless") as caught:
            feed_of(source)
        assert caught.value.code == "dependency_missing"


def test_streams_and_folders_need_no_opencv(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['cv2'] = None\n"
        "from runtime.sources import cameras, feed_of\n"
        f"print(feed_of({str(tmp_path)!r}).name, feed_of('http://camera/video').name); cameras()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"folder {tmp_path} http://camera:80/video"
    assert isinstance(feed_of(str(tmp_path)), WatchedFolder)
    assert isinstance(feed_of("http://camera/video"), Url)


@pytest.mark.parametrize(
    "source", ["", "camera", "film.txt", "rpicam:x", "\x1b[2Jx", "1234", "x" * 300, "a\0b"]
)
def test_what_is_no_source_is_refused_in_one_line(source: str) -> None:
    with pytest.raises(HematoVisionError, match="no source of pictures") as caught:
        feed_of(source)
    assert caught.value.code == "bad_source"
    assert str(caught.value).isprintable()


def test_what_cannot_be_locked_from_here_is_said() -> None:
    assert feed_of("http://camera/video", lock=True).notes == [
        "exposure and white balance not locked: set that on the camera itself"
    ]
    assert feed_of("http://camera/video").notes == []


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """What the kernel of a Pi with two USB cameras tells, in its form."""
    for number, name, index in (
        (10, "bcm2835-codec-decode", 0),
        (2, "USB Microscope: USB Microscope", 0),
        (3, "USB Microscope: USB Microscope", 1),
        (0, "HD Webcam", 0),
        (1, "HD Webcam", 1),
        (20, "pispbe-input", 0),
    ):
        folder = tmp_path / f"video{number}"
        folder.mkdir()
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")
    return tmp_path


def test_cameras_are_listed_without_what_only_looks_like_one(system: Path) -> None:
    assert [(camera.source, camera.name) for camera in usb_cameras(system)] == [
        ("0", "HD Webcam"),
        ("2", "USB Microscope: USB Microscope"),
    ]


@linux
@pytest.mark.skipif(bool(list(Path("/dev").glob("video*"))), reason="this machine has a camera")
def test_a_machine_without_a_camera_lists_none() -> None:
    assert cameras() == []


@needs_opencv
@linux
def test_a_camera_that_comes_back_under_another_number_is_found(system: Path) -> None:
    camera = Usb("2", system=system)
    with pytest.raises(CameraError, match="/dev/video2 is not there"):
        list(camera.frames())
    (system / "video2").rename(system / "video4")
    with pytest.raises(CameraError, match="/dev/video4 is not there"):
        list(camera.frames())


class Driver:
    """A capture as OpenCV gives it, of a driver that has some of the switches."""

    def __init__(self, **values: float) -> None:
        self.values, self.order = values, list[str]()

    def get(self, key: str) -> float:
        return self.values.get(key, -1.0)

    def set(self, key: str, value: float) -> bool:
        self.order.append(key)
        if key in self.values:
            self.values[key] = float(value)
        return key in self.values


NAMES: Any = SimpleNamespace(
    CAP_PROP_AUTO_EXPOSURE="auto exposure",
    CAP_PROP_EXPOSURE="exposure",
    CAP_PROP_AUTO_WB="auto white",
    CAP_PROP_WB_TEMPERATURE="temperature",
)


def test_exposure_and_white_balance_stay_as_they_are() -> None:
    values = {"auto exposure": 3.0, "exposure": 157.0, "auto white": 1.0, "temperature": 4600.0}
    driver = Driver(**values)
    assert lock_automatics(NAMES, driver) == ["exposure locked", "white balance locked"]
    assert driver.values == {**values, "auto exposure": 1.0, "auto white": 0.0}
    assert driver.order == ["auto exposure", "exposure", "auto white", "temperature"]


def test_a_driver_without_switches_is_said() -> None:
    assert lock_automatics(NAMES, Driver(**{"auto white": 1.0})) == [
        "exposure not locked: the driver has no such switch",
        "white balance locked",
    ]


@needs_opencv
def test_a_video_may_be_left_early(film: Film, cells: list[Picture]) -> None:
    with closing(Video(film(cells)).frames()) as frames:
        assert next(frames).shape == (SIZE_PX, SIZE_PX, 3)
    with FrameSource(Video(film(cells))) as source:
        assert source.next(20) is not None
