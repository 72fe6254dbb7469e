"""Fields as Pascal VOC writes them, and pictures whose heads lie."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.export.conftest import draw

OBJECT = (
    "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
    "</bndbox></object>"
)


def annotate(file: Path, *objects: tuple[str, int, int, int, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    written = "".join(OBJECT.format(*each) for each in objects)
    file.write_text(f"<annotation>{written}</annotation>")


def png_of(width: int, height: int) -> bytes:
    """Begin a PNG that says it is as large, and holds nothing."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    head = b"IHDR" + struct.pack(">II", width, height) + stream.getvalue()[24:29]
    content = stream.getvalue()
    return content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Two fields of Pascal VOC: one of a known type, one without."""
    for name in ("f1", "f2"):
        draw(tmp_path / "images" / f"{name}.png", seed=int(name[1]))
        annotate(
            tmp_path / "annotations" / f"{name}.xml",
            ("WBC", 4, 4, 14, 14),
            ("RBC", 16, 16, 30, 30),
            ("Platelets", 1, 20, 5, 24),
        )
    (tmp_path / "types.csv").write_text("file,split,label\nimages/f1.png,away,Monocyte\n")
    return tmp_path
