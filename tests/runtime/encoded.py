"""Pictures encoded by hand and by Pillow."""

import io
import struct
from typing import Any

from PIL import Image

COLOR = (200, 100, 50)
WIDTH, HEIGHT = 24, 16


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def plain(mode: str = "RGB", color: Any = COLOR) -> Image.Image:
    return Image.new(mode, (WIDTH, HEIGHT), color)


def tiff(width: int, height: int, bits: int, levels: bytes) -> bytes:
    """An uncompressed little-endian RGB TIFF, written by hand."""
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, 8 + 2 + 9 * 12 + 4),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8 + 2 + 9 * 12 + 4 + 6),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, len(levels)),
    ]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(entries))
        + directory
        + struct.pack("<I3H", 0, bits, bits, bits)
        + levels
    )
