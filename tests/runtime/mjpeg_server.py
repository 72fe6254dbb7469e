"""A server that streams whatever a test writes: a real camera's pictures, or a hostile one's."""

import http.server
import io
import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
from PIL import Image

Write = Callable[[bytes], object]
Body = Callable[[Write], None]
MULTIPART = "multipart/x-mixed-replace; boundary=frame"


def jpeg(level: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), level, np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def stream(pictures: Iterable[bytes], pause_s: float = 0.02) -> Body:
    """Send pictures at a camera's pace, the last one until the reader is gone."""
    shown = list(pictures)

    def body(write: Write) -> None:
        for picture in shown:
            write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + picture + b"\r\n")
            time.sleep(pause_s)
        while True:
            write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + shown[-1] + b"\r\n")
            time.sleep(pause_s)

    return body


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every path with the server's own status, content type and body."""

    server: "Camera"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        for line in self.server.headers:
            self.send_header(*line)
        self.end_headers()
        with suppress(OSError):  # the reader has gone
            self.server.body(self.wfile.write)

    def log_message(self, *_: object) -> None:
        pass


class Camera(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, body: Body, kind: str, status: int, headers: list[tuple[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.kind, self.status, self.headers = body, kind, status, headers
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/video"


@contextmanager
def serving(
    body: Body,
    kind: str = MULTIPART,
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
) -> Iterator[Camera]:
    with Camera(body, kind, status, headers or []) as camera:
        thread = threading.Thread(target=camera.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield camera
        camera.shutdown()


def parts(*pictures: bytes, length: bool = True, edge: bytes = b"--frame") -> Body:
    def body(write: Write) -> None:
        for picture in pictures:
            told = b"Content-Length: %d\r\n" % len(picture) if length else b""
            write(edge + b"\r\nContent-Type: image/jpeg\r\n" + told + b"\r\n" + picture + b"\r\n")

    return body
