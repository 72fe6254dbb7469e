"""The pictures that are measured: drawn cells, so that no data set is needed, or given ones."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from PIL import Image

from runtime import ImageError, decode
from runtime.inputs import walk
from runtime.smear import draw_smear
from runtime.synthetic import CLASSES, draw_cell

SIZE_PX = 360  # as in the largest public set of single cells
QUALITY = 90
PER_CLASS = 2
FIELDS, FIELD_PX, FIELD_QUALITY, UM_PER_PX = 6, (640, 480), 85, 0.1
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


def draw_fields(folder: Path) -> Pictures:
    """Draw fields, always the same, as JPEG files of `FIELD_PX` pixels."""
    paths = []
    for seed in range(FIELDS):
        path = folder / f"field_{seed}.jpg"
        picture = Image.fromarray(draw_smear(seed, *FIELD_PX, UM_PER_PX).picture)
        picture.save(path, "JPEG", quality=FIELD_QUALITY)
        paths.append(path)
    width, height = FIELD_PX
    return Pictures(paths, _facts("drawn fields", paths, [width * height] * len(paths)))


def gather(named: Sequence[str], folder: Path) -> Pictures:
    """Take the pictures behind files, folders and `-`, as the runtime's own command does.

    Of more than `MOST`, that many are taken at even distances, so that every folder has its share.

    Args:
        named: as given by a person.
        folder: where a picture from standard input is put.

    Returns:
        The pictures that can be decoded; for each other one, why it is refused.
    """
    found, paths, pixels, refused = list(walk(named)), [], [], []
    taken = min(len(found), MOST)
    for name, source in (found[i * len(found) // taken] for i in range(taken)):
        try:
            height, width, _ = decode(source, name).shape
        except ImageError as error:
            refused.append(error)
            continue
        path = Path(name)
        if isinstance(source, bytes):
            path = folder / "standard_input"
            path.write_bytes(source)
        paths.append(path)
        pixels.append(height * width)
    return Pictures(paths, _facts("given", paths, pixels), refused)


def _facts(source: str, paths: Sequence[Path], pixels: Sequence[int]) -> Mapping[str, Any]:
    return {
        "source": source,
        "n": len(paths),
        "mean_bytes": round(mean(path.stat().st_size for path in paths)) if paths else 0,
        "mean_pixels": round(mean(pixels)) if pixels else 0,
    }
