"""Motion JPEG: whole pictures out of a stream of bytes.

Pictures are found by walking through their own markers (ITU T.81, annex B), so what stands between
them, such as the part headers of multipart/x-mixed-replace, need not be right and is not believed.
No more is ever held than one picture at the limit.
"""

import re
from collections.abc import Iterator
from typing import Final

from runtime.errors import CameraError
from runtime.images import MAX_BYTES

READ_BYTES: Final = 65_536
# Part headers have some hundred bytes; what has no picture in so many is no stream of them.
MOST_BETWEEN: Final = 65_536
_START: Final = b"\xff\xd8\xff"
# In compressed data a marker is what neither escapes 255 nor restarts the decoder.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SCAN, _END, _FIRST = 0xDA, 0xD9, 0xD8


class Splitter:
    """Cuts a stream into whole JPEG pictures; a damaged one is dropped, the next one found."""

    def __init__(self, name: str) -> None:
        """Start before the first picture; `name` is what messages call the stream."""
        self._name = name
        self._held = bytearray()
        self._at = 0  # how far the picture at the beginning of `_held` is walked through
        self._compressed = False
        self._between = 0

    def feed(self, some: bytes) -> Iterator[bytes]:
        """Take the next bytes of the stream and give the pictures that they complete.

        Raises:
            CameraError: `camera_stream`, the stream holds no JPEG pictures, or one over the limit.
        """
        self._held += some
        while self._at or self._found_start():
            end = self._walk()
            if end is None:
                if len(self._held) > MAX_BYTES:
                    raise CameraError(
                        "camera_stream",
                        f"{self._name} sends a picture of more than {MAX_BYTES // 10**6} MB: "
                        "choose a smaller size on the camera",
                    )
                return
            whole, jpeg = end
            if whole:
                yield bytes(self._held[:jpeg])
            del self._held[:jpeg]
            self._at, self._compressed = 0, False

    def _found_start(self) -> bool:
        start = self._held.find(_START)
        passed = start if start >= 0 else max(0, len(self._held) - len(_START) + 1)
        del self._held[:passed]
        self._between += passed
        if self._between > MOST_BETWEEN:
            raise CameraError(
                "camera_stream",
                f"{self._name} sends no JPEG pictures: it must be a Motion JPEG stream, "
                "choose that on the camera or another address of it",
            )
        if start < 0:
            return False
        self._at, self._between = 2, 0
        return True

    def _walk(self) -> tuple[bool, int] | None:
        """Go on; give whether the picture is whole and where it ends, None for not yet."""
        held = self._held
        while True:
            if self._compressed:
                marker = _MARKER.search(held, self._at)
                if marker is None:
                    self._at = max(self._at, len(held) - 1)
                    return None
                self._at, self._compressed = marker.start(), False
            if len(held) < self._at + 4:
                if held[self._at : self._at + 2] == bytes((0xFF, _END)):
                    return True, self._at + 2
                return None
            fill, kind = held[self._at], held[self._at + 1]
            length = int.from_bytes(held[self._at + 2 : self._at + 4])
            if fill == 0xFF and kind == _END:
                return True, self._at + 2
            if fill == 0xFF and kind == 0xFF:
                self._at += 1
            elif fill != 0xFF or kind == _FIRST or length < 2:
                return False, self._at
            else:
                self._at += 2 + length
                self._compressed = kind == _SCAN
