"""Pictures of one shade, and what becomes of them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runtime import Classification
from runtime.images import Picture

Encode = Callable[..., bytes]
Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def shade(number: int) -> Picture:
    """A picture of one color, another one for each number."""
    return np.full((20, 30, 3), (number * 37 % 256, number * 91 % 256, number * 53 % 256), np.uint8)


def without_time(answer: Classification) -> tuple[Any, ...]:
    return answer.source, answer.label, answer.confidence, dict(answer.probabilities)


def decoders() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("decode")]
