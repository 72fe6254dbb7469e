"""Drawn fields in a folder, with tables of what is in them, as sets of fields have them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from runtime.errors import HematoVisionError
from runtime.files import unwritable, write_whole
from runtime.lock import alone
from runtime.smear import Smear, draw_blank, draw_smear, refuse_size

BOXES = ("file", "split", "width", "height", "kind", "x0", "y0", "x1", "y1", "label")
TYPES = ("file", "split", "label")
SPLIT = "train"
QUALITY = 95  # the drawn camera has compressed already; this adds little to it


def write_smears(
    folder: Path,
    count: int,
    seed: int = 0,
    size: tuple[int, int] = (640, 480),
    um_per_px: float = 0.1,
    *,
    blank: bool = False,
) -> Iterator[Smear]:
    """Draw fields into a new or empty folder, one for each step of the iterator.

    `boxes.csv` tells the cells, with the class of each in its last column, and `types.csv` the
    class of the white cells of each field that has white cells of one class only. Both are there
    once the last field is; without any cell there are no tables.

    Args:
        folder: where to; made where it is missing.
        count: how many fields.
        seed: of the first field; the next have the next ones.
        size: width and height of a picture in pixels.
        um_per_px: scale in micrometers per pixel.
        blank: whether glass without cells is drawn.

    Raises:
        HematoVisionError: `unwritable`, the folder holds something or cannot be written to;
            `in_use`, another command draws into it.
        ValueError: as `draw_smear`.
    """
    refuse_size(*size, um_per_px)  # before the folder is made
    _refuse_unwritable(folder)
    with alone(folder):
        if any(folder.iterdir()):
            raise HematoVisionError(
                "unwritable", f"{folder} holds files already: name a new or an empty folder"
            )
        boxes: list[tuple[object, ...]] = []
        types: list[tuple[object, ...]] = []
        for number in range(seed, seed + count):
            smear = (draw_blank if blank else draw_smear)(number, *size, um_per_px)
            name = f"{'blank' if blank else 'smear'}_{number:06d}.jpg"
            write_whole(folder / name, _jpeg(smear))
            boxes += [(name, SPLIT, *size, c.kind, *c.box, c.label or c.kind) for c in smear.cells]
            labels = {cell.label for cell in smear.cells if cell.kind == "wbc"}
            types += [(name, SPLIT, label) for label in labels if len(labels) == 1]
            yield smear
        if boxes:
            write_whole(folder / "boxes.csv", _table(BOXES, boxes))
            write_whole(folder / "types.csv", _table(TYPES, types))


def _refuse_unwritable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        list(folder.iterdir())
    except OSError as error:
        raise unwritable(folder, error) from error


def _jpeg(smear: Smear) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(smear.picture).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()
