"""Damaged pictures, whatever is wrong with them, are read or refused."""

import warnings
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runtime import ImageError, decode
from tests.runtime.encoded import HEIGHT, WIDTH, save


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
