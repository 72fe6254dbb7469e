"""Pictures of every kind come out upright and RGB; whatever is wrong is refused in a sentence."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from runtime import ImageError, decode
from runtime.images import FORMATS, Picture
from tests.runtime.encoded import COLOR, HEIGHT, WIDTH, plain, save, tiff

LOSSY = {"JPEG", "WEBP"}


def quarters() -> Picture:
    """Four quarters of four colors, wider than high, so that every turn shows."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:8, :12], picture[:8, 12:] = (250, 10, 10), (10, 250, 10)
    picture[8:, :12], picture[8:, 12:] = (10, 10, 250), (250, 250, 250)
    return picture


def lab(color: tuple[int, int, int]) -> Image.Image:
    srgb, to = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(plain(color=color), srgb, to, outputMode="LAB")
    assert image is not None
    return image


def deep_png(levels: np.ndarray) -> bytes:
    """16-bit RGB, which Pillow reads but does not write."""
    height, width, _ = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_read(kind: str) -> None:
    picture = decode(save(plain(), kind))
    assert picture.dtype == np.uint8
    assert picture.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(picture, np.full_like(picture, COLOR), atol=6 * (kind in LOSSY))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_read(compression: str) -> None:
    picture = decode(save(plain(), "TIFF", compression=compression))
    np.testing.assert_allclose(picture, np.full_like(picture, COLOR), atol=3)


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (plain("1", 1), "PNG", (255, 255, 255)),
        (plain("1", 0), "TIFF", (0, 0, 0)),
        (plain("1", 1), "BMP", (255, 255, 255)),
        (plain("L", 77), "PNG", (77, 77, 77)),
        (plain("L", 77), "JPEG", (77, 77, 77)),
        (plain("LA", (77, 255)), "PNG", (77, 77, 77)),
        (plain("LA", (77, 0)), "PNG", (255, 255, 255)),
        (plain("LA", (77, 0)), "TIFF", (255, 255, 255)),
        (plain().quantize(4), "PNG", COLOR),
        (plain().quantize(4), "BMP", COLOR),
        (plain().quantize(4), "TIFF", COLOR),
        (plain("RGBA", (*COLOR, 255)), "PNG", COLOR),
        (plain("RGBA", (*COLOR, 0)), "PNG", (255, 255, 255)),
        (plain("RGBA", (*COLOR, 0)), "TIFF", (255, 255, 255)),
        (plain("RGBA", (*COLOR, 0)), "WEBP", (255, 255, 255)),
        (plain("RGBA", (0, 0, 0, 51)), "PNG", (204, 204, 204)),
        (plain().convert("CMYK"), "JPEG", COLOR),
        (plain().convert("CMYK"), "TIFF", COLOR),
        (plain().convert("YCbCr"), "TIFF", COLOR),
        (plain().convert("YCbCr"), "JPEG", COLOR),
        (lab(COLOR), "TIFF", COLOR),
        (plain("I", 77), "TIFF", (77, 77, 77)),
        (plain("F", 77.0), "TIFF", (77, 77, 77)),
        (plain("F", 0.5), "TIFF", (128, 128, 128)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value),
)
def test_each_color_mode_becomes_rgb(
    image: Image.Image, kind: str, expected: tuple[int, int, int]
) -> None:
    picture = decode(save(image, kind))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(picture, np.full_like(picture, expected), atol=2)


@pytest.mark.parametrize(
    ("image", "transparent"),
    [
        (plain("1", 1), 1),
        (plain("L", 77), 77),
        (plain("P", 0), 0),
        (plain("P", 0), b"\0"),
        (plain(), COLOR),
    ],
    ids=["1", "L", "P", "P-by-entry", "RGB"],
)
def test_a_color_that_stands_for_nothing_becomes_white(
    image: Image.Image, transparent: Any
) -> None:
    assert decode(save(image, "PNG", transparency=transparent)).min() == 255


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_deep_gray_is_scaled_and_not_clipped(bits: int, kind: str) -> None:
    full = 2**bits - 1
    levels = np.linspace(0, full, 256).round().astype(np.uint16).reshape(16, 16)
    picture = decode(save(Image.fromarray(levels), kind))
    np.testing.assert_allclose(picture[..., 0].ravel(), np.arange(256), atol=1)
    assert (picture == picture[..., :1]).all()


def test_deep_gray_in_big_endian_tiff_is_scaled() -> None:
    levels = np.array([[0, 65535]], ">u2").repeat(8, 0).repeat(8, 1)
    little = save(Image.fromarray(levels.astype("<u2")), "TIFF")
    image = Image.open(io.BytesIO(little))
    big = io.BytesIO()
    image.convert("I").convert("I;16B").save(big, "TIFF")
    assert Image.open(io.BytesIO(big.getvalue())).mode == "I;16B"
    np.testing.assert_array_equal(decode(big.getvalue()), decode(little))


def test_whole_numbers_of_32_bits_are_scaled_by_their_highest() -> None:
    levels = np.array([[0, 50_000, 100_000]], np.int32).repeat(8, 0).repeat(8, 1)
    picture = decode(save(Image.fromarray(levels), "TIFF"))
    assert picture[0, ::8, 0].tolist() == [0, 128, 255]


def test_floats_that_are_no_numbers_or_negative_become_black() -> None:
    levels = np.full((8, 8), 200, np.float32)
    levels[0, :4] = (np.nan, np.inf, -np.inf, -5)
    picture = decode(save(Image.fromarray(levels), "TIFF"))
    assert picture[0, :5, 0].tolist() == [0, 0, 0, 0, 200]


def test_deep_color_keeps_its_high_byte() -> None:
    levels = np.full((HEIGHT, WIDTH, 3), np.array(COLOR) * 256 + 7, np.uint16)
    expected = np.full((HEIGHT, WIDTH, 3), COLOR, np.uint8)
    np.testing.assert_array_equal(decode(deep_png(levels)), expected)
    deep = tiff(WIDTH, HEIGHT, 16, levels.astype("<u2").tobytes())
    np.testing.assert_array_equal(decode(deep), expected)


def test_deep_color_of_12_bits_is_refused_instead_of_turning_black() -> None:
    levels = np.full((HEIGHT, WIDTH, 3), 4000, np.uint16)
    for encoded in (deep_png(levels), tiff(WIDTH, HEIGHT, 16, levels.astype("<u2").tobytes())):
        with pytest.raises(ImageError, match="8 bits a channel") as caught:
            decode(encoded)
        assert caught.value.code == "unsupported"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, lambda p: p),
        (2, lambda p: p[:, ::-1]),
        (3, lambda p: p[::-1, ::-1]),
        (4, lambda p: p[::-1]),
        (5, lambda p: p.swapaxes(0, 1)),
        (6, lambda p: np.rot90(p)),
        (7, lambda p: np.rot90(p, 2).swapaxes(0, 1)),
        (8, lambda p: np.rot90(p, -1)),
    ],
    ids=range(1, 9),
)
def test_exif_orientation_is_undone(
    orientation: int, stored: Callable[[Picture], Picture], kind: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored(quarters())))
    picture = decode(save(image, kind, exif=exif))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    corners = np.ix_([2, -3], [2, -3])
    np.testing.assert_allclose(picture[corners], quarters()[corners], atol=25 * (kind in LOSSY))


def test_an_orientation_that_does_not_exist_is_passed_over() -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    np.testing.assert_array_equal(
        decode(save(Image.fromarray(quarters()), "PNG", exif=exif)), quarters()
    )


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "WEBP", "MPO"])
def test_of_many_pages_the_first_is_taken(kind: str) -> None:
    pages = save(plain(color="red"), kind, save_all=True, append_images=[plain(color="blue")])
    picture = decode(pages)
    assert picture[..., 0].min() > 240
    assert picture[..., 2].max() < 15


@pytest.mark.parametrize("kind", FORMATS)
def test_path_bytes_stream_and_array_give_the_same(kind: str, tmp_path: Path) -> None:
    encoded = save(Image.fromarray(quarters()), kind)
    file = tmp_path / "cell.bin"
    file.write_bytes(encoded)
    picture = decode(encoded)
    np.testing.assert_array_equal(decode(file), picture)
    np.testing.assert_array_equal(decode(str(file)), picture)
    np.testing.assert_array_equal(decode(io.BytesIO(encoded)), picture)
    np.testing.assert_array_equal(decode(picture), picture)
    with file.open("rb") as stream:
        np.testing.assert_array_equal(decode(stream), picture)


def test_the_ending_of_a_name_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "really_a_png.jpg"
    file.write_bytes(save(Image.fromarray(quarters()), "PNG"))
    np.testing.assert_array_equal(decode(file), quarters())


def test_an_array_is_returned_as_it_is() -> None:
    picture = quarters()
    assert np.shares_memory(decode(picture), picture)


def test_a_hot_pixel_does_not_darken_12_bit_gray() -> None:
    levels = np.full((100, 100), 3000, np.uint16)
    levels[3, 5] = 65535
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "PNG")
    picture = decode(stream.getvalue())
    assert 180 < np.median(picture) < 195
    assert picture.max() == 255
