"""The pictures that are measured: drawn cells, so that no data set is needed, or given ones."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from PIL import Image

from runtime import ImageError, decode
from runtime.images import SUFFIXES
from runtime.synthetic import CLASSES, draw_cell

SIZE_PX = 360  # as in the largest public set of single cells
QUALITY = 90
PER_CLASS = 2
MOST = 64  # all of them are held in memory, encoded, while they are measured


@dataclass(frozen=True)
class Pictures:
    """Pictures that can be answered, with the mean figures that their times hang on."""

    paths: Sequence[Path]
    facts: Mapping[str, Any]
    refused: Sequence[ImageError] = ()


def draw(folder: Path) -> Pictures:
    """Draw two cells of each class, always the same, as JPEG files of 360 pixels a side."""
    paths = []
    for seed in range(PER_CLASS):
        for label in CLASSES:
            picture = draw_cell(label, seed, SIZE_PX)
            encoded = io.BytesIO()
            Image.fromarray(picture).save(encoded, "JPEG", quality=QUALITY)
            path = folder / f"{label}_{seed}.jpg"
            path.write_bytes(encoded.getvalue())
            paths.append(path)
    return Pictures(paths, _facts("drawn", paths, [SIZE_PX**2] * len(paths)))


def gather(named: Sequence[Path]) -> Pictures:
    """Take the pictures that are named, and those inside folders that are named, sorted.

    Of more than `MOST`, that many are taken at even distances, so that every folder has its share.

    Returns:
        The pictures that can be decoded; for each other one, why it is refused.
    """
    paths, pixels, refused = [], [], []
    found = [path for name in named for path in _walk(name)]
    for path in (
        (found[i * len(found) // MOST] for i in range(MOST)) if len(found) > MOST else found
    ):
        try:
            height, width, _ = decode(path).shape
        except ImageError as error:
            refused.append(error)
        else:
            paths.append(path)
            pixels.append(height * width)
    return Pictures(paths, _facts("given", paths, pixels), refused)


def _walk(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(inner for inner in path.rglob("*") if inner.suffix.lower() in SUFFIXES)
    return [path]


def _facts(source: str, paths: Sequence[Path], pixels: Sequence[int]) -> Mapping[str, Any]:
    return {
        "source": source,
        "n": len(paths),
        "mean_bytes": round(mean(path.stat().st_size for path in paths)) if paths else 0,
        "mean_pixels": round(mean(pixels)) if pixels else 0,
    }
