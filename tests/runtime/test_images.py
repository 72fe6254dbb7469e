"""Pictures of every kind come out upright and RGB; whatever is wrong is refused in a sentence."""

import io
import os
import re
import struct
import warnings
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from runtime import ImageError, decode
from runtime.images import FORMATS, MAX_BYTES, MAX_PIXELS, Picture

COLOR = (200, 100, 50)
LOSSY = {"JPEG", "WEBP"}
WIDTH, HEIGHT = 24, 16


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def plain(mode: str = "RGB", color: Any = COLOR) -> Image.Image:
    return Image.new(mode, (WIDTH, HEIGHT), color)


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
        "notes.txt is not a picture that can be read (JPEG, PNG, BMP, TIFF, WebP)"
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


def noisy(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def with_exif(image: Image.Image, kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    return save(image, kind, exif=exif)


SOUND = {
    "JPEG": with_exif(noisy(), "JPEG"),
    "progressive JPEG": save(noisy(), "JPEG", progressive=True),
    "CMYK JPEG": save(noisy("CMYK"), "JPEG"),
    "PNG": with_exif(noisy(), "PNG"),
    "palette PNG": save(noisy().quantize(8), "PNG", transparency=3),
    "deep PNG": save(noisy("L").convert("I;16"), "PNG"),
    "BMP": save(noisy(), "BMP"),
    "palette BMP": save(noisy().quantize(8), "BMP"),
    "TIFF": with_exif(noisy(), "TIFF"),
    "LZW TIFF": save(noisy(), "TIFF", compression="tiff_lzw"),
    "fax TIFF": save(noisy("1"), "TIFF", compression="group4"),
    "deep TIFF": save(noisy("L").convert("I;16"), "TIFF", compression="tiff_adobe_deflate"),
    "WebP": with_exif(noisy(), "WEBP"),
    "moving WebP": save(noisy(), "WEBP", save_all=True, append_images=[noisy().rotate(180)]),
}


def decode_or_refuse(encoded: bytes) -> None:
    """Let nothing but a picture or an `ImageError` out; a low limit keeps wrong sizes quick."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr("runtime.images.MAX_PIXELS", 500_000)
        warnings.filterwarnings("ignore", module="PIL")
        try:
            picture = decode(encoded)
        except ImageError:
            return
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3


@pytest.mark.parametrize("sound", SOUND.values(), ids=SOUND)
def test_a_picture_that_is_cut_off_anywhere_is_read_or_refused(sound: bytes) -> None:
    for length in {*range(1, len(sound), max(1, len(sound) // 60)), *range(1, 40)}:
        decode_or_refuse(sound[:length])


@pytest.mark.parametrize("sound", SOUND.values(), ids=SOUND)
@settings(max_examples=40, deadline=timedelta(seconds=30))
@given(choices=st.data())
def test_a_picture_with_wrong_bytes_is_read_or_refused(
    sound: bytes, choices: st.DataObject
) -> None:
    damaged = bytearray(sound)
    # Headers are at the beginning, TIFF's directory may be at the end.
    place = st.integers(0, len(sound) - 1) | st.integers(0, 99) | st.integers(-150, -1)
    for at, byte in choices.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=8)):
        damaged[max(at, -len(sound))] = byte
    decode_or_refuse(bytes(damaged))


@settings(max_examples=100, deadline=timedelta(seconds=30))
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(encoded: bytes) -> None:
    decode_or_refuse(encoded)


def test_a_hot_pixel_does_not_darken_12_bit_gray() -> None:
    levels = np.full((100, 100), 3000, np.uint16)
    levels[3, 5] = 65535
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "PNG")
    picture = decode(stream.getvalue())
    assert 180 < np.median(picture) < 195
    assert picture.max() == 255


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_read() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), COLOR).save(stream, "JPEG", progressive=True)
    encoded = stream.getvalue()
    last = encoded.rindex(b"\xff\xda")
    endless = encoded[:last] + encoded[last:-2] * 200 + encoded[-2:]
    assert decode(encoded).shape == (64, 64, 3)
    with pytest.raises(ImageError, match="more than 100 scans"):
        decode(endless)
