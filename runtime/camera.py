"""Cameras at this machine, and recordings, by OpenCV.

OpenCV is an extra that only USB cameras and video files need, and is imported when one is opened.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import numpy as np

from runtime.errors import CameraError, HematoVisionError
from runtime.feed import SILENT_S, Listed, Size
from runtime.images import MAX_PIXELS, Picture
from runtime.lines import one_line

VIDEO_SUFFIXES: Final = frozenset(
    {".avi", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"}
)
# Pictures until automatic exposure has settled, some half a second.
SETTLING: Final = 15
# V4L2's menu of exposure modes (linux/v4l2-controls.h).
MANUAL_EXPOSURE: Final = 1
# A Pi's own processing stages, which look like cameras and are none (or are ribbon-cable ones).
_STAGES = re.compile(r"bcm2835|pispbe|rp1-cfe|rpi-hevc|rpivid|unicam", re.IGNORECASE)
NUMBER: Final = re.compile(r"\d{1,3}")
DEVICES: Final = Path("/dev")
_SYSTEM, _PROCESSES = Path("/sys/class/video4linux"), Path("/proc")


def usb_cameras(system: Path = _SYSTEM) -> list[Listed]:
    """List what Linux knows as cameras, by number; elsewhere nothing is known before it is tried.

    Args:
        system: where the kernel tells of them.
    """
    found = dict[int, Listed]()
    for device in system.glob("video*"):
        name = _text(device / "name")
        number = device.name.removeprefix("video")
        # Later nodes of a camera carry descriptions of pictures, not pictures.
        if number.isdecimal() and _text(device / "index") == "0" and not _STAGES.search(name):
            found[int(number)] = Listed(number, one_line(name) or "camera")
    return [found[number] for number in sorted(found)]


class Usb:
    """A camera that OpenCV opens: USB (UVC), or whatever the system has a driver for.

    A camera that was plugged in again under another number is found by its name.
    """

    live = True
    moving = True
    patience_s: float | None = SILENT_S
    advice = "unplug it and plug it in again, or restart it"

    def __init__(
        self,
        device: str,
        size: Size | None = None,
        *,
        lock: bool = False,
        system: Path = _SYSTEM,
    ) -> None:
        """Take a number, or a device file such as one of /dev/v4l/by-id; more as `sources.feed_of`.

        Raises:
            HematoVisionError: `dependency_missing`.
        """
        self._cv2 = _opencv("a USB camera")
        self._device, self._size, self._lock, self._system = device, size, lock, system
        self._called: str | None = None
        self.name = f"camera {one_line(device)}"
        self.notes: list[str] = []

    def frames(self) -> Generator[Picture, None, None]:
        """Open the camera and give its pictures.

        Raises:
            CameraError: `camera_missing`, `camera_denied`, `camera_busy` or `camera_lost`.
        """
        capture = self._open()
        try:
            if self._size:
                # Uncompressed, USB 2 carries no large pictures, so drivers do not offer them.
                code = self._cv2.VideoWriter.fourcc(*"MJPG")
                capture.set(self._cv2.CAP_PROP_FOURCC, code)
                capture.set(self._cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
                capture.set(self._cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
            capture.set(self._cv2.CAP_PROP_BUFFERSIZE, 1)
            first = self._read(capture)
            if self._lock:
                for _ in range(SETTLING):
                    first = self._read(capture)
                self.notes = lock_automatics(self._cv2, capture)
            yield first
            while True:
                yield self._read(capture)
        finally:
            capture.release()

    def close(self) -> None:
        """A driver's waiting cannot be broken off; OpenCV gives up after some seconds."""

    def _open(self) -> Any:
        if not sys.platform.startswith("linux"):
            capture = self._cv2.VideoCapture(int(self._device))
            if not capture.isOpened():
                raise CameraError(
                    "camera_missing",
                    f"{self.name} cannot be opened: plug it in, close other programs that show it, "
                    "or try another number",
                )
            return capture
        path = self._path()
        _check_device(path)
        capture = self._cv2.VideoCapture(str(path), self._cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(
                "camera_busy",
                f"{path} cannot be opened as a camera: close other programs that may show it, "
                "or see 'camera --list'",
            )
        return capture

    def _path(self) -> Path:
        if not NUMBER.fullmatch(self._device):
            return Path(self._device)
        there = {found.source: found.name for found in usb_cameras(self._system)}
        number = str(int(self._device))
        if self._called is None:
            self._called = there.get(number)
        elif there.get(number) != self._called:
            number = next((n for n, name in there.items() if name == self._called), number)
        return DEVICES / f"video{number}"

    def _read(self, capture: Any) -> Picture:
        there, picture = capture.read()
        if not there or picture is None:
            raise CameraError(
                "camera_lost",
                f"{self.name} has stopped sending pictures: check its cable; it is tried again",
            )
        return _rgb(picture)


class Video:
    """A video file, every picture of it."""

    live = False
    moving = True
    patience_s: float | None = None
    advice = "play it in another program, and export it again"

    def __init__(self, file: Path) -> None:
        """Take a file.

        Raises:
            HematoVisionError: `not_found` or `dependency_missing`.
        """
        if not os.path.isfile(file):  # noqa: PTH113 - false for names that cannot be, too
            raise HematoVisionError(
                "not_found", f"{file} does not exist: check the name and the folder"
            )
        self._cv2 = _opencv("a video file")
        self._file = file
        self.name = f"video {file}"
        self.notes: list[str] = []

    def frames(self) -> Generator[Picture, None, None]:
        """Give its pictures, first to last.

        Raises:
            HematoVisionError: `not_an_image`, `too_many_pixels` or `truncated`.
        """
        # A file may hold the names of others; only files are followed, never addresses.
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file"
        capture = self._cv2.VideoCapture(str(self._file.resolve()))
        try:
            wide, high, promised = (
                int(capture.get(getattr(self._cv2, f"CAP_PROP_FRAME_{name}")))
                for name in ("WIDTH", "HEIGHT", "COUNT")
            )
            if wide * high > MAX_PIXELS:
                raise HematoVisionError(
                    "too_many_pixels",
                    f"{self._file} has {wide} x {high} pixels, the limit is "
                    f"{MAX_PIXELS // 10**6} megapixels: export it smaller",
                )
            given = 0
            while (frame := capture.read())[0]:
                given += 1
                yield _rgb(frame[1])
        finally:
            capture.release()
        if not given:
            raise HematoVisionError(
                "not_an_image",
                f"{self._file} is not a video that OpenCV can read: export it as MP4 or AVI",
            )
        # Containers often promise a picture or two that are not there.
        if given < 0.9 * promised:
            raise HematoVisionError(
                "truncated",
                f"{self._file} is cut off after {given} of {promised} pictures: copy it again",
            )

    def close(self) -> None:
        """Nothing is waited for."""


def lock_automatics(cv2: Any, capture: Any) -> list[str]:
    """Keep a camera's exposure and white balance as they are now; say what could be kept.

    Args:
        cv2: OpenCV.
        capture: its open camera.
    """
    notes = []
    for what, automatic, off, value in (
        ("exposure", cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL_EXPOSURE, cv2.CAP_PROP_EXPOSURE),
        ("white balance", cv2.CAP_PROP_AUTO_WB, 0, cv2.CAP_PROP_WB_TEMPERATURE),
    ):
        now = capture.get(value)
        locked = capture.set(automatic, off) and capture.get(automatic) == off
        if locked and now > 0:
            # Manual values start where they were last set, not where the automatic had come to.
            capture.set(value, now)
        notes.append(
            f"{what} {'locked' if locked else 'not locked: the driver has no such switch'}"
        )
    return notes


def _opencv(what: str) -> Any:
    if importlib.util.find_spec("cv2") is None:
        raise HematoVisionError(
            "dependency_missing",
            f"{what} needs OpenCV: run 'make camera', or '{Path(sys.executable).name} -m pip "
            "install opencv-python-headless'; addresses, folders and ribbon-cable cameras do "
            "without",
        )
    # It would write to standard error, beside our own line; both are read at import.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    return cv2


def _check_device(path: Path) -> None:
    """Say why a camera cannot be opened, which OpenCV does not."""
    if not path.exists():
        raise CameraError(
            "camera_missing",
            f"{path} is not there: plug the camera in, or see 'camera --list'",
        )
    if not os.access(path, os.R_OK | os.W_OK):
        raise CameraError(
            "camera_denied",
            f"{path} may not be used by you: run 'sudo usermod -aG video $USER' and log in again",
        )
    if (holder := _holder(path)) is not None:
        raise CameraError("camera_busy", f"{path} is in use by {holder}: close that program")


def _holder(path: Path) -> str | None:
    """Find the other program that has a device open, among those that may be looked into."""
    device = os.path.realpath(path)
    for link in _PROCESSES.glob("[0-9]*/fd/*"):
        process = link.parts[-3]
        try:
            if process != str(os.getpid()) and str(link.readlink()) == device:
                return f"{one_line(_text(link.parents[1] / 'comm'))} (process {process})"
        except OSError:  # another user's, or gone already
            continue
    return None


def _rgb(picture: Any) -> Picture:
    """Turn OpenCV's blue, green, red into what `decode` takes."""
    return np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""
