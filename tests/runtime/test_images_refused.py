"""What is no picture, or too much of one, is refused in a sentence."""

import io
import os
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from runtime import ImageError, decode
from runtime.images import FORMATS, MAX_BYTES, MAX_PIXELS
from tests.runtime.encoded import COLOR, HEIGHT, WIDTH, plain, save, tiff


def refusal(source: Any, name: str = "picture") -> ImageError:
    """Decode what must be refused; the message is one line with a next step."""
    with pytest.raises(ImageError) as caught:
        decode(source, name)
    assert "\n" not in str(caught.value)
    return caught.value


def png_header(width: int, height: int) -> bytes:
    """A well-formed PNG that promises pixels and holds none."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.png"
    file.touch()
    for source in (file, b"", io.BytesIO()):
        error = refusal(source, "empty.png")
        assert error.code == "empty"
        assert re.search(r"empty\.png is empty .*: copy", str(error))


@pytest.mark.parametrize(
    "content",
    [
        b"This is a note about the slide.\n" * 20,
        b"GIF89a" + bytes(200),
        save(plain().quantize(4), "GIF"),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"></svg>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\n",
        b"P6 16 16 255\n" + bytes(768),
        b"PK\x03\x04" + bytes(100),
        b"BM",
        b"\0",
        bytes(5000),
    ],
    ids=["text", "gif head", "gif", "pdf", "svg", "eps", "ppm", "zip", "BM", "a byte", "zeros"],
)
def test_what_is_not_a_picture_is_refused_with_what_would_be(content: bytes) -> None:
    error = refusal(content, "notes.txt")
    assert error.code == "not_an_image"
    assert str(error) == (
        "notes.txt is not a picture that can be read (JPEG, PNG, BMP, TIFF, WebP): "
        "save it as PNG or JPEG"
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_that_is_cut_in_half_is_called_cut_off(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    encoded = save(Image.fromarray(noise), kind)
    error = refusal(encoded[: len(encoded) // 2], "half")
    assert error.code == "truncated"
    assert re.search(r"half is cut off or damaged .*: copy or export the picture again", str(error))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_ends_in_its_header_is_called_cut_off(kind: str) -> None:
    assert refusal(save(plain(), kind)[:20]).code == "truncated"


@pytest.mark.filterwarnings("ignore:.*decompression bomb:PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("width", "height"), [(50_000, 50_000), (2**31 - 1, 1), (10_000, 9_500), (60_000_001, 1)]
)
def test_a_pixel_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    for bomb in (png_header(width, height), tiff(width, height, 8, b"")):
        error = refusal(bomb, "bomb")
        assert error.code == "too_many_pixels"
        assert re.search(r"bomb has .* the limit is 60 megapixels: cut out", str(error))


def test_a_picture_of_which_only_the_limit_is_known_is_told_so() -> None:
    told = str(refusal(png_header(60_000, 60_000), "huge.png"))
    assert told.startswith("huge.png has more than 60 million pixels, the limit is 60 megapixels: ")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes in its folders")
def test_a_pipe_is_refused_without_waiting_for_who_writes_into_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    error = refusal(tmp_path / "pipe.jpg")
    assert error.code == "unreadable"
    assert "pipe.jpg is a pipe, a socket or a disk, not a picture's file: save" in str(error)


def test_a_character_device_is_read() -> None:
    assert refusal(os.devnull).code == "empty"


def test_the_limit_of_pixels_is_exact() -> None:
    assert MAX_PIXELS == 7_500 * 8_000
    over = refusal(png_header(7_500, 8_001))
    assert over.code == "too_many_pixels"
    assert "7500 x 8001" in str(over)
    assert refusal(png_header(7_500, 8_000)).code == "truncated"


def test_an_array_over_the_limit_of_pixels_is_refused() -> None:
    wide = np.broadcast_to(np.uint8(0), (7_500, 8_001, 3))
    assert refusal(wide).code == "too_many_pixels"


def test_a_file_of_more_than_25_mb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    with file.open("wb") as stream:
        stream.truncate(31_000_000)
    error = refusal(file)
    assert error.code == "too_large"
    assert re.search(r"large\.png has 31\.0 MB, the limit is 25 MB: export", str(error))


def test_bytes_and_streams_of_more_than_25_mb_are_refused() -> None:
    large = save(plain(), "PNG") + bytes(MAX_BYTES)
    assert refusal(large).code == "too_large"
    assert refusal(io.BytesIO(large)).code == "too_large"
    assert decode(large[:MAX_BYTES]).shape == (HEIGHT, WIDTH, 3)


def test_an_endless_file_is_refused() -> None:
    assert refusal(Path("/dev/zero")).code == "too_large"


def test_a_folder_is_refused_with_what_to_check(tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert error.code == "no_images"
    assert str(tmp_path) in str(error)
    assert "check the folder" in str(error)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    error = refusal(tmp_path / "gone.png")
    assert error.code == "not_found"
    assert re.search(r"gone\.png does not exist: check", str(error))


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 300 + ".png"], ids=["NUL", "too long"])
def test_a_name_that_cannot_be_opened_is_refused(name: str) -> None:
    error = refusal(Path(name))
    assert error.code == "unreadable"
    assert re.search(r"cannot be read \([^/]*\): check", str(error))


def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert refusal(tmp_path / "a.png" / "b.png").code == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret.png"
    file.touch(mode=0)
    error = refusal(file)
    assert error.code == "unreadable"
    assert "Permission denied" in str(error)


@pytest.mark.parametrize("size", [(7, 40), (40, 7), (1, 1)])
def test_a_picture_of_less_than_8_pixels_is_refused(size: tuple[int, int]) -> None:
    error = refusal(save(Image.new("RGB", size), "PNG"), "speck")
    assert error.code == "unsupported"
    assert str(error).startswith(f"speck is {size[0]} x {size[1]} pixels, the least is 8")
    assert refusal(np.zeros((size[1], size[0], 3), np.uint8)).code == "unsupported"


def test_a_picture_of_8_pixels_is_read() -> None:
    assert decode(save(Image.new("RGB", (8, 8)), "PNG")).shape == (8, 8, 3)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((20, 20), np.uint8),
        np.zeros((20, 20, 4), np.uint8),
        np.zeros((20, 20, 1), np.uint8),
        np.zeros((1, 20, 20, 3), np.uint8),
        np.zeros((20, 20, 3), np.uint16),
        np.zeros((20, 20, 3), np.float32),
        np.zeros((20, 20, 3), bool),
        np.zeros((3, 20, 20), np.uint8),
        np.zeros(0, np.uint8),
    ],
    ids=lambda a: f"{a.dtype} {a.shape}",
)
def test_an_array_that_is_not_rgb_is_refused_with_what_to_pass(array: np.ndarray) -> None:
    error = refusal(array, "frame")
    assert error.code == "unsupported"
    assert f"frame is an array of {array.dtype} {array.shape}" in str(error)
    assert "pass (height, width, 3) uint8 RGB" in str(error)


def test_an_error_about_a_picture_is_also_a_value_error() -> None:
    with pytest.raises(ValueError, match="is empty"):
        decode(b"")


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_read() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), COLOR).save(stream, "JPEG", progressive=True)
    encoded = stream.getvalue()
    last = encoded.rindex(b"\xff\xda")
    endless = encoded[:last] + encoded[last:-2] * 200 + encoded[-2:]
    assert decode(encoded).shape == (64, 64, 3)
    with pytest.raises(ImageError, match="more than 100 scans"):
        decode(endless)
