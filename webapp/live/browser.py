"""Pictures that a page sends from the camera of its own computer."""

import threading
from collections.abc import Generator
from typing import Final

from runtime.errors import CameraError
from runtime.feed import SILENT_S, silent

BROWSER: Final = "browser"


class BrowserFeed:
    """The newest picture that a page has sent; one that was not taken in time is replaced."""

    live = True
    moving = True
    # Silence ends `frames` itself: who comes back after an hour must not wait for the next attempt.
    patience_s: float | None = None
    advice = "go back to the page Live, and check the camera there"

    def __init__(self, silent_s: float = SILENT_S) -> None:
        """Wait for the first picture; after `silent_s` seconds without a next one it is lost."""
        self.name = "the browser's camera"
        self.notes: list[str] = []
        self._silent_s = silent_s
        self._changed = threading.Condition()
        self._sent: bytes | None = None
        self._closed = False

    def send(self, encoded: bytes) -> None:
        """Take the encoded bytes of a picture."""
        with self._changed:
            self._sent = encoded
            self._changed.notify_all()

    def frames(self) -> Generator[bytes, None, None]:
        """Give pictures as they come; the first one is waited for as long as it takes.

        Raises:
            CameraError: `camera_silent`, the page sends no more, or `camera_lost`, closed.
        """
        self._closed = False
        patience_s: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._sent is not None or self._closed, patience_s)
                sent, self._sent = self._sent, None
            if self._closed:
                raise CameraError("camera_lost", f"{self.name} was closed")
            if sent is None:
                raise silent(self, self._silent_s)
            yield sent
            patience_s = self._silent_s

    def close(self) -> None:
        """Break off the waiting."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
