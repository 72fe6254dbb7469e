"""Pictures, streams of them, and folders that they appear in."""

import io
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from runtime import images, watched_folder
from runtime.color import white_balance
from runtime.errors import HematoVisionError
from runtime.images import decode, quiet_pillow
from runtime.mjpeg import Splitter
from runtime.network_camera import Url
from runtime.synthetic import draw_cell
from runtime.watched_folder import WatchedFolder
from tests.campaigns.fuzz.target import Target
from webapp.uploads import media_type_of

# A picture at the limit of the program takes over 1 GB by itself; this one takes some 150 MB.
MOST_PIXELS = 6_000_000
PARTED = b"\r\n--parted--\r\n"


def pictures(folder: Path) -> Target:
    """Decoders: a picture's bytes, however it came."""
    images.MAX_PIXELS = MOST_PIXELS
    quiet_pillow()

    def run(_: str, content: bytes) -> None:
        picture = decode(content)
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert picture.shape[0] * picture.shape[1] <= MOST_PIXELS
        assert media_type_of(content).startswith("image/")

    return Target({"picture": list(encoded().values())}, run)


def streams(folder: Path) -> Target:
    """Motion JPEG: bytes in any portions, a camera's whole answer, and the camera's address."""
    images.MAX_PIXELS = MOST_PIXELS
    quiet_pillow()
    camera = _Camera()
    jpeg = encoded()["JPEG"]
    part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(part), part)

    def run(kind: str, content: bytes) -> None:
        if kind == "address":
            Url(content.decode(errors="surrogateescape"))
        elif kind == "stream":
            splitter, step = Splitter("stream"), 1 + content[0] * 16 if content else 1
            for at in range(1, len(content), step):
                for picture in splitter.feed(content[at : at + step]):
                    _decode(picture)
        else:
            camera.answer = content
            for picture in Url(camera.url).frames():
                _decode(picture)

    return Target(
        {
            "stream": [b"\x00" + part, b"\x20" + part * 3],
            "answer": [
                *(head + b"\r\n" + part * 2, b"HTTP/1.0 401 No\r\n\r\n", b"HTTP/1.1 302 Gone\r\n"),
                head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk,
                head + b"Content-Length: %d\r\n\r\n" % len(part) + part,
            ],
            "address": [
                *(b"http://camera.local:8080/video?a=b", b"http://name:pass%20word@[::1]:1/"),
                b"http://10.0.0.1",
            ],
        },
        run,
    )


def folders(folder: Path) -> Target:
    """A watched folder: names and contents of files that appear there."""
    images.MAX_PIXELS = MOST_PIXELS
    quiet_pillow()
    unpatiently: Any = watched_folder
    unpatiently.POLL_S = unpatiently.SETTLED_S = 0.0
    watched = WatchedFolder(folder)
    watch = watched.frames()
    next(watch)

    def run(_: str, content: bytes) -> None:
        nonlocal watch
        name, _, rest = content.partition(b"\0")
        file = folder / name.decode(errors="surrogateescape").replace("/", "_")[:200]
        with suppress(OSError, ValueError):  # names that no file can have
            file.write_bytes(rest)
        try:
            for _ in range(3):
                if found := next(watch):
                    assert isinstance(found, Path)
                    _decode(found.read_bytes())
        except BaseException:
            watch = watched.frames()
            raise
        finally:
            with suppress(OSError, ValueError):
                file.unlink()

    names = (
        b"cell.jpg",
        b".hidden.png",
        b"a b.TIFF",
        "Zellen\udcff.png".encode(errors="surrogateescape"),
    )
    small = encoded()["PNG"]
    return Target({"file": [name + b"\0" + small for name in names]}, run)


def encoded() -> dict[str, bytes]:
    """Give drawn cells in every format, color mode and depth that is read, and more."""
    cell = Image.fromarray(draw_cell("neutrophil", seed=1, size_px=48))
    gray, exif = cell.convert("L"), Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    deep = Image.fromarray(np.asarray(gray, np.uint16) * 257)
    profile = {"icc_profile": b"\0" * 128}
    kinds: list[tuple[str, Image.Image, str, dict[str, Any]]] = [
        ("JPEG", cell, "JPEG", {"exif": exif}),
        ("progressive JPEG", cell, "JPEG", {"progressive": True, **profile}),
        ("CMYK JPEG", cell.convert("CMYK"), "JPEG", {}),
        ("gray JPEG", gray, "JPEG", {"quality": 5}),
        ("PNG", cell, "PNG", {"exif": exif}),
        ("palette PNG", cell.quantize(8), "PNG", {"transparency": 3}),
        ("clear PNG", cell.convert("RGBA"), "PNG", {}),
        ("deep PNG", deep, "PNG", {}),
        ("BMP", cell, "BMP", {}),
        ("palette BMP", cell.quantize(8), "BMP", {}),
        ("black and white BMP", cell.convert("1"), "BMP", {}),
        ("TIFF", cell, "TIFF", {"exif": exif}),
        ("LZW TIFF", cell, "TIFF", {"compression": "tiff_lzw"}),
        ("JPEG TIFF", cell, "TIFF", {"compression": "jpeg"}),
        ("fax TIFF", cell.convert("1"), "TIFF", {"compression": "group4"}),
        ("packed TIFF", cell, "TIFF", {"compression": "packbits"}),
        ("deep TIFF", deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("float TIFF", gray.convert("F"), "TIFF", {}),
        ("Lab TIFF", Image.new("LAB", (24, 16), (120, 130, 140)), "TIFF", {}),
        ("WebP", cell, "WEBP", {"exif": exif}),
        ("lossless WebP", cell.convert("RGBA"), "WEBP", {"lossless": True}),
        ("moving WebP", cell, "WEBP", {"save_all": True, "append_images": [cell.rotate(90)]}),
        ("GIF", cell.quantize(4), "GIF", {}),
    ]
    found = dict[str, bytes]()
    for name, image, kind, options in kinds:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        found[name] = stream.getvalue()
    return found


def _decode(picture: bytes) -> None:
    """Decode a picture of a source, which goes on whatever is wrong with one."""
    with suppress(HematoVisionError):
        white_balance(decode(picture))


class _Camera:
    """Sends whatever bytes it is told to, to whoever connects."""

    def __init__(self) -> None:
        self.answer = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection, suppress(OSError):
                connection.recv(4096)
                connection.sendall(self.answer)
