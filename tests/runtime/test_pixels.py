"""Large pictures are converted strip by strip: the same bytes as at once, in half the memory."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from runtime import decode
from runtime.images import Picture
from runtime.preprocess import STRIP_PX, fit, resample, resized
from tests.runtime.encoded import save

MOST_MB = 500  # that a process may hold, whatever picture it is given
# Python for a process of its own, as what was held before counts.
HELD = """
import sys
from pathlib import Path
from runtime.engine import Engine
Engine.load(Path(sys.argv[1])).classify(sys.argv[2])
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
NOISE = np.random.default_rng(1).integers(0, 256, (503, 1201, 3), np.uint8)


def at_once(encoded: bytes) -> Picture:
    """As Pillow does it, with whole copies."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded)))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer)
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_picture_of_several_strips_is_turned_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"lossless": True, "method": 0} if kind == "WEBP" else {}
    encoded = save(Image.fromarray(NOISE), kind, exif=exif, **options)
    np.testing.assert_array_equal(decode(encoded), at_once(encoded))


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("L", "PNG", {}),
        ("1", "PNG", {}),
        ("P", "PNG", {"transparency": 3}),
        ("P", "PNG", {"transparency": bytes(range(200))}),
        ("L", "PNG", {"transparency": 7}),
        ("LA", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("CMYK", "JPEG", {}),
        ("CMYK", "TIFF", {}),
        ("YCbCr", "TIFF", {}),
    ],
)
def test_a_picture_of_several_strips_keeps_its_colors(
    mode: str, kind: str, options: dict[str, Any]
) -> None:
    image = Image.fromarray(NOISE)
    if "A" in mode:
        image.putalpha(Image.fromarray(NOISE[..., 0]))
    encoded = save(image.convert(mode), kind, **options)
    np.testing.assert_array_equal(decode(encoded), at_once(encoded))


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_deep_levels_are_told_by_all_strips(bits: int) -> None:
    levels = (NOISE[..., 0].astype(np.uint16) << (bits - 8)) // 2
    levels[-40:] *= 2  # only the last strip is bright
    expected = np.rint(levels.astype(np.float32) * np.float32(255 / (2.0**bits - 1)))
    for kind in ("PNG", "TIFF"):
        picture = decode(save(Image.fromarray(levels), kind))
        np.testing.assert_array_equal(picture, np.repeat(expected[..., None], 3, axis=2))


def test_a_large_picture_is_reduced_as_at_once() -> None:
    picture = np.tile(NOISE, (5, 4, 1))[:, :4750]
    assert picture.size > 3 * STRIP_PX
    image = Image.fromarray(picture)
    linear = Image.Resampling.BILINEAR
    for size in ((640, 480), (4750, 300), (301, 2515)):
        np.testing.assert_array_equal(resized(picture, size), image.resize(size, linear))
    side = picture[:, 100:2615]
    small = Image.fromarray(np.ascontiguousarray(side)).resize((96, 96), linear)
    np.testing.assert_array_equal(resample(side, 96), small)
    fitted = fit(picture, (339, 640))
    quick = image.resize((640, 339), linear, reducing_gap=1.0)
    np.testing.assert_array_equal(fitted.pixels, quick)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in another unit")
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_60_megapixels_take_less_than_500_mb(mode: str, tiny: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = tmp_path / "large.jpg"
    Image.new(mode, (9480, 6320), (200, 160, 180, 50)[: len(mode)]).save(file, exif=exif)
    command = [sys.executable, "-c", HELD, str(tiny), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) / 1024 < MOST_MB
