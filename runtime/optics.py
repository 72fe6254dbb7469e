"""What stain, lamp, lens and camera make of the light that comes through a drawn smear.

Laboratories differ in all of them. The ranges span those seen in public sets of fields: glass
from cream over gray and pink to green and cyan, red cells from pale to almost brown.
"""

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.images import Picture
from runtime.shapes import Rng
from runtime.synthetic import GLASS

Light = npt.NDArray[np.float32]

# Of a blur, as far as a kernel reaches; beyond lies under 0.3 % of it.
SIGMAS: Final = 3.0
CHANNELS: Final = np.eye(3)


@dataclass(frozen=True)
class Optics:
    """One stain, lamp, lens and camera.

    Attributes:
        stain: (3, 3) what each channel of the picture absorbs of the drawn red, green, blue.
        glass: clean glass in the middle of the picture, RGB, 0 to 255.
        defocus_um: standard deviation of the blur in micrometers.
        shading: share of the light that the corners lack.
        brightest: where light is strongest, x and y in shares of the picture.
        gamma: exponent of the camera's curve.
        sharpening: of the camera, as a share of what a blur of 1.5 pixels takes away.
        noise: standard deviation of the sensor's noise, in levels of 255.
        jpeg: quality at which the camera saves the picture; None for no loss.
    """

    stain: tuple[tuple[float, float, float], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    glass: tuple[float, float, float] = GLASS
    defocus_um: float = 0.0
    shading: float = 0.0
    brightest: tuple[float, float] = (0.5, 0.5)
    gamma: float = 1.0
    sharpening: float = 0.0
    noise: float = 1.8
    jpeg: int | None = None


def draw_optics(rng: Rng, defocus_um: float | None = None) -> Optics:
    """Draw a laboratory's optics, in focus as a technician leaves it.

    Args:
        rng: source of all that varies.
        defocus_um: standard deviation of the blur in micrometers; None draws a small one.
    """
    # Absorbances vary by channel, as eosin and azure do from stain to stain, and mix a little.
    strength = rng.uniform(0.75, 2.0) * np.exp(rng.normal((0.05, 0.1, -0.15), 0.16))
    mixing = CHANNELS + rng.normal(0, 0.05, (3, 3)) * (1 - CHANNELS)
    brightness = rng.uniform(165, 245)
    glass = np.clip(
        brightness * np.exp(rng.normal((0.02, 0.03, -0.06), (0.1, 0.06, 0.14))), 90, 255
    )
    optics = Optics(
        stain=_rows(strength[:, None] * mixing),
        glass=_triple(glass),
        defocus_um=float(rng.uniform(0.0, 0.24)),
        shading=float(rng.uniform(0, 0.22)),
        brightest=(float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.3, 0.7))),
        gamma=float(rng.uniform(0.85, 1.25)),
        sharpening=float(rng.choice([0.0, rng.uniform(0.2, 0.9)])),
        noise=float(rng.uniform(0.8, 4.5)),
        jpeg=int(rng.integers(55, 96)) if rng.random() < 0.8 else None,
    )
    return optics if defocus_um is None else replace(optics, defocus_um=defocus_um)


def take(light: Light, um_per_px: float, optics: Optics, rng: Rng) -> Picture:
    """Take a picture of a drawn smear.

    Args:
        light: (height, width, 3) as a canvas gives it, on glass of `GLASS`.
        um_per_px: its scale in micrometers per pixel.
        optics: what is between smear and picture.
        rng: source of the sensor's noise.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    density = -np.log(np.maximum(light, 1) / np.array(GLASS, np.float32))
    passed = np.exp(-density @ np.array(optics.stain, np.float32).T)
    passed = blurred(passed, optics.defocus_um / um_per_px)
    passed *= _lamp(passed.shape[0], passed.shape[1], optics)[..., None]
    passed = np.maximum(passed, 0) ** np.float32(optics.gamma)
    if optics.sharpening:
        passed += np.float32(optics.sharpening) * (passed - blurred(passed, 1.5))
    passed *= np.array(optics.glass, np.float32)
    passed += np.float32(optics.noise) * rng.standard_normal(passed.shape, np.float32)
    picture: Picture = np.rint(passed.clip(0, 255)).astype(np.uint8)
    return picture if optics.jpeg is None else _compressed(picture, optics.jpeg)


def blurred(light: Light, sigma_px: float) -> Light:
    """Blur with a Gaussian, the border mirrored; under a fifth of a pixel changes nothing."""
    reach = min(round(SIGMAS * sigma_px + 0.5), min(light.shape[:2]) - 1)
    if sigma_px < 0.2 or reach < 1:
        return light
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        length = light.shape[axis]
        pads = [(reach, reach) if a == axis else (0, 0) for a in range(3)]
        wide = np.pad(light, pads, "symmetric")
        light = np.zeros_like(light)
        for first, weight in enumerate(weights):
            taken = slice(first, first + length)
            light += weight * (wide[taken] if axis == 0 else wide[:, taken])
    return light


def _lamp(height: int, width: int, optics: Optics) -> Light:
    """Give the light on each place: 1 where it is strongest, falling with the square of the way."""
    x = np.linspace(0, 1, width, dtype=np.float32) - np.float32(optics.brightest[0])
    y = np.linspace(0, 1, height, dtype=np.float32) - np.float32(optics.brightest[1])
    lamp: Light = 1 - np.float32(optics.shading) * 2 * (x[None, :] ** 2 + y[:, None] ** 2)
    return lamp


def _compressed(picture: Picture, quality: int) -> Picture:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as image:
        return np.asarray(image.convert("RGB"))


def _triple(values: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third


def _rows(values: npt.NDArray[np.floating]) -> tuple[tuple[float, float, float], ...]:
    return tuple(_triple(row) for row in values)
