"""The one camera of a server: which is open, if any."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask, current_app

from runtime.errors import CameraError, HematoVisionError
from runtime.feed import Size
from webapp.errors import RequestError
from webapp.live.allowed import allowed_feed
from webapp.live.browser import BrowserFeed
from webapp.live.look import CLOSED, CameraState, LookDocument
from webapp.live.opened import REFERENCE_S, OpenCamera
from webapp.live.shots import Capture, Shot
from webapp.service import Service

EXTENSION: Final = "hematovision camera"
ARRIVES_S: Final = 1.0


class Camera:
    """Opens and closes a camera for everybody who asks; made once, shared by all threads."""

    def __init__(self, service: Service) -> None:
        """Begin with no camera open.

        Args:
            service: whose networks look, and whose settings say what may be opened.
        """
        self._service = service
        self._watching = threading.BoundedSemaphore(service.settings.watching)
        self._turning = threading.Lock()  # one opens or closes at a time
        self._opened: OpenCamera | None = None
        self._wish: tuple[str, Size | None, bool] | None = None

    @property
    def state(self) -> CameraState:
        """How the camera is now."""
        opened = self._opened
        return opened.state if opened else CLOSED

    def open(self, source: str, size: Size | None = None, *, lock: bool = False) -> None:
        """Open a camera in place of the one that is open; the same one stays as it is.

        Args:
            source: as `webapp.live.allowed.allowed_feed` takes it.
            size: width and height to ask the camera for; None takes its own.
            lock: whether to fix exposure and white balance once they have settled.

        Raises:
            HematoVisionError: `source_denied`, `bad_source`, `not_found` or `dependency_missing`.
        """
        wish = (source, size, lock)
        with self._turning:
            if self._opened and self._wish == wish and self._opened.state.state != "ended":
                return
            folder = self._service.settings.camera_folder
            feed = allowed_feed(source, folder, size, lock=lock)
            self._close()
            called = feed.name if "://" in source else source  # without name and password
            self._opened, self._wish = OpenCamera(feed, called, self._service), wish

    def close(self) -> None:
        """Close the camera that is open, if any."""
        with self._turning:
            self._close()

    def send(self, encoded: bytes) -> int:
        """Take a picture from the browser's camera.

        Returns:
            The number of the newest picture, this one.

        Raises:
            HematoVisionError: `camera_closed`, the browser's camera is not the one that is open.
        """
        opened = self._open_one()
        if not isinstance(opened.feed, BrowserFeed):
            raise HematoVisionError(
                "camera_closed", "Another camera is open: open the browser's camera first"
            )
        before = opened.number
        opened.feed.send(encoded)
        with self._watch(ARRIVES_S) as wait_s:
            opened.arrived(before, wait_s)
        return opened.number

    def shot(self, seen: str | None = None, wait_s: float = 0.0) -> Shot:
        """Give the newest picture for a page; more as `OpenCamera.shot`.

        Raises:
            CameraError: `no_frame` or `camera_closed`.
            ImageError: it cannot be read.
        """
        opened = self._open_one()
        with self._watch(wait_s) as bounded_s:
            return opened.shot(seen, bounded_s)

    def look(self, seen: str | None = None, wait_s: float = 0.0) -> tuple[str, LookDocument]:
        """Give what is found in the newest picture; more as `OpenCamera.look`."""
        opened = self._opened
        if opened is None:
            return "closed", LookDocument(CLOSED, None, None, None, None)
        with self._watch(wait_s) as bounded_s:
            return opened.look(seen, bounded_s)

    def capture(self) -> Capture:
        """Take the newest picture to keep; more as `OpenCamera.capture`."""
        return self._open_one().capture()

    def take_white_reference(self) -> None:
        """Take the white reference; more as `OpenCamera.take_white_reference`."""
        opened = self._open_one()
        with self._watch(REFERENCE_S) as wait_s:
            if not wait_s:
                raise RequestError("busy", "Too many wait for the camera: try again in a moment")
            opened.take_white_reference()

    def clear_white_reference(self) -> None:
        """Show pictures as they come again."""
        if opened := self._opened:
            opened.clear_white_reference()

    def count_anew(self) -> None:
        """Forget what was counted, for another slide."""
        if opened := self._opened:
            opened.count_anew()

    def _close(self) -> None:
        opened, self._opened, self._wish = self._opened, None, None
        if opened:
            opened.close()

    def _open_one(self) -> OpenCamera:
        opened = self._opened
        if opened is None:
            raise CameraError("camera_closed", "No camera is open: open one first")
        return opened

    @contextmanager
    def _watch(self, wait_s: float) -> Iterator[float]:
        """Let a request wait, or none at all where too many do: each holds a thread."""
        free = self._watching.acquire(blocking=False)
        try:
            yield wait_s if free else 0.0
        finally:
            if free:
                self._watching.release()


def camera_of(app: Flask) -> Camera:
    """Give the camera that `create_app` has put into an app."""
    camera: Camera = app.extensions[EXTENSION]
    return camera


def current_camera() -> Camera:
    """Give the camera of the app that handles this request."""
    return camera_of(current_app)
