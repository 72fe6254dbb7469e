"""A Raspberry Pi's ribbon-cable camera, by the program that comes with its system."""

import os
import re
import selectors
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Generator, Iterator
from typing import IO, Final, cast

from runtime.errors import CameraError, HematoVisionError
from runtime.feed import SILENT_S, Listed, Size, silent
from runtime.lines import one_line
from runtime.mjpeg import READ_BYTES, Splitter

PROGRAMS: Final = ("rpicam-vid", "libcamera-vid")  # the second is its name before 2023
PI_SIZE: Final = (1280, 960)


class Ribbon:
    """A Raspberry Pi's ribbon-cable camera, by the `rpicam-vid` that comes with its system."""

    live = True
    moving = True
    patience_s: float | None = SILENT_S
    advice = "switch off, check both ends of the ribbon cable, and start again"

    def __init__(self, number: int = 0, size: Size | None = None) -> None:
        """Take the camera's number, as `rpicam-vid --list-cameras` tells it, and width and height.

        Raises:
            HematoVisionError: `dependency_missing`, the program is not installed.
        """
        self._program = ribbon_program()
        if self._program is None:
            raise HematoVisionError(
                "dependency_missing",
                f"a ribbon-cable camera needs {PROGRAMS[0]}: on a Raspberry Pi run "
                "'sudo apt install rpicam-apps'",
            )
        self._number, self._size = number, size or PI_SIZE
        self.name = f"ribbon-cable camera {number}"
        self.notes: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    def frames(self) -> Generator[bytes, None, None]:
        """Start the program and give its pictures as they come.

        Raises:
            CameraError: `camera_missing`, `camera_busy`, `camera_silent`, `camera_stream` or
                `camera_lost`.
        """
        width, height = self._size
        try:
            process = subprocess.Popen(  # noqa: S603 - a program of the system, numbers alone
                [
                    *(str(self._program), "--camera", str(self._number), "--timeout", "0"),
                    *("--codec", "mjpeg", "--width", str(width), "--height", str(height)),
                    *("--nopreview", "--flush", "--output", "-"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise CameraError(
                "camera_missing",
                f"{self._program} cannot be started ({error.strerror}): install rpicam-apps again",
            ) from error
        self._process = process
        said = deque[str](maxlen=20)
        listener = threading.Thread(target=_listen, args=(process, said), daemon=True)
        listener.start()
        try:
            splitter = Splitter(self.name)
            for some in _output(process, self):
                yield from splitter.feed(some)
            process.wait(SILENT_S)
            listener.join(1)
            raise self._ended(process.returncode, said)
        except subprocess.TimeoutExpired as error:
            raise silent(self) from error
        finally:
            _end(process)
            listener.join(1)

    def close(self) -> None:
        """Break off what `frames` waits for, from another thread."""
        if self._process is not None:
            self._process.terminate()

    def _ended(self, status: int, said: deque[str]) -> CameraError:
        words = " ".join(said).lower()
        # The words of rpicam-apps (core/rpicam_app.cpp) and libcamera.
        if "no cameras available" in words or "camera is not available" in words:
            return CameraError(
                "camera_missing",
                f"{self.name} is not there: switch off, check both ends of the ribbon cable, and "
                "see 'rpicam-vid --list-cameras'",
            )
        if "in use by another process" in words or "failed to acquire" in words:
            return CameraError(
                "camera_busy", f"{self.name} is in use: close the other program that shows it"
            )
        last = f" ({one_line(said[-1])[:200]})" if said else ""
        return CameraError(
            "camera_lost", f"{self.name}: rpicam-vid has ended with status {status}{last}"
        )


def ribbon_program() -> str | None:
    """Find the program that gives a ribbon-cable camera's pictures."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def ribbon_cameras() -> Iterator[Listed]:
    """List the ribbon-cable cameras that the program knows of."""
    program = ribbon_program()
    if program is None:
        return
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system
            [program, "--list-cameras"],
            capture_output=True,
            text=True,
            timeout=SILENT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    for number, name in re.findall(r"^(\d+) : (.+)$", done.stdout + done.stderr, re.MULTILINE):
        yield Listed(f"rpicam:{number}", one_line(name))


def _listen(process: subprocess.Popen[bytes], said: deque[str]) -> None:
    """Keep the last lines of what the program says, so that it never has to wait."""
    with cast(IO[bytes], process.stderr) as stream:
        while line := stream.readline(1000):
            if text := line.decode(errors="replace").strip():
                said.append(text)


def _output(process: subprocess.Popen[bytes], camera: Ribbon) -> Iterator[bytes]:
    number = cast(IO[bytes], process.stdout).fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(number, selectors.EVENT_READ)
        while selector.select(SILENT_S):
            some = os.read(number, READ_BYTES)
            if not some:
                return
            yield some
    raise silent(camera)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    cast(IO[bytes], process.stdout).close()
