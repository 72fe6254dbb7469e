"""Pictures of colored squares that keep a detector busy, and streams of them."""

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from runtime.detection import Kind
from runtime.images import Picture
from tests.tiny_squares import COLUMNS, ROWS, draw_squares

WHITE = (2, 3)
SCENE: dict[tuple[int, int], Kind] = {
    WHITE: "wbc",
    (0, 1): "rbc",
    (1, 5): "rbc",
    (3, 1): "rbc",
    (4, 4): "rbc",
    (4, 6): "platelet",
}


def scene(*, level: float = 1.0) -> Picture:
    """A field of 256 x 192 pixels that is worth counting."""
    return draw_squares(SCENE, level=level, zoom=4)


def glass() -> Picture:
    """Blank glass, darker and yellow towards its right."""
    light = np.linspace(220, 150, COLUMNS * 32)[None, :, None] * np.array([1, 0.95, 0.8])
    return np.rint(np.repeat(light, ROWS * 32, axis=0)).astype(np.uint8)


def jpeg(picture: Picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=95)
    return file.getvalue()


def until(ask: Callable[[], Any], timeout_s: float = 20) -> Any:
    """Ask again and again until the answer is true, and give it."""
    end_s = time.monotonic() + timeout_s
    while not (answer := ask()):
        assert time.monotonic() < end_s, "it has not come true in time"
        time.sleep(0.02)
    return answer
