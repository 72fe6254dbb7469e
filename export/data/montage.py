"""A contact sheet of a data set: a row of cells for each class, or fields with their boxes."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from export.data.fields import Field
from export.data.readers import Reading
from export.data.samples import Sample
from export.data.survey import Survey
from export.data.usable import usable
from export.errors import DatasetError
from export.place import refuse_inside
from runtime.crops import crop
from runtime.files import refuse_irreplaceable, write_whole
from runtime.images import decode
from runtime.lines import one_line
from runtime.preprocess import to_input

CELL_PX, CELLS, NAME_PX = 96, 8, 190
FIELD_PX, FIELDS, COLUMNS = 460, 6, 2
GAP_PX, LINE_PX, TEXT_PX = 8, 30, 16
PAPER, INK = "white", "#1f2937"
KIND_COLORS = {"wbc": "#2563eb", "rbc": "#dc2626", "platelet": "#ca8a04"}
# For classes of white cells that are boxed by name.
MORE_COLORS = ("#7c3aed", "#0d9488", "#ea580c", "#be185d", "#4d7c0f", "#0e7490")


Item = TypeVar("Item")


def check_montage(file: Path, found: Reading) -> None:
    """Refuse, before the pictures are looked at, a place where no contact sheet may go.

    Raises:
        DatasetError: it is not named as PNG.
        HematoVisionError: `unwritable`: it is in the data set, or what is there stays there.
    """
    if file.suffix.lower() != ".png":
        raise DatasetError("dataset", f"{file} is not named as PNG: end the montage's name in .png")
    pictures = [f.path for f in found.fields] or [s.path for s in found.samples]
    refuse_inside(file, [found.root, *dict.fromkeys(pictures)], "a montage")
    refuse_irreplaceable(file)


def save_montage(found: Reading, seen: Survey, file: Path, seed: int) -> None:
    """Write a contact sheet as PNG, whole or not at all.

    Args:
        found: the set as read.
        seen: which of its pictures can be read.
        file: where the sheet goes, see `check_montage`; one that is there is replaced.
        seed: the same seed shows the same examples.

    Raises:
        DatasetError: no picture can be used.
        HematoVisionError: the file cannot be written.
    """
    rng = np.random.default_rng(seed)
    fields = [field for field in found.fields if field.path in seen.looks]
    cells = [] if found.fields else usable(found.samples, seen)[0]
    if not fields and not any(cell.path in seen.looks for cell in cells):
        raise DatasetError("dataset", f"{found.root} has no picture that can be used: no montage")
    if fields:
        sheet = _sheet_of_fields(_drawn(fields, FIELDS, rng))
    else:
        sheet = _sheet_of_cells(cells, seen, rng)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    write_whole(file, stream.getvalue())


def _sheet_of_cells(
    samples: Sequence[Sample], seen: Survey, rng: np.random.Generator
) -> Image.Image:
    counts = Counter(s.label for s in samples)
    step = CELL_PX + GAP_PX
    sheet = Image.new("RGB", (NAME_PX + CELLS * step + GAP_PX, len(counts) * step + GAP_PX), PAPER)
    draw = ImageDraw.Draw(sheet)
    for row, (label, count) in enumerate(sorted(counts.items())):
        top = GAP_PX + row * step
        middle = top + CELL_PX // 2
        _write(draw, (2 * GAP_PX, middle - TEXT_PX), label, NAME_PX - 3 * GAP_PX)
        _write(draw, (2 * GAP_PX, middle + 4), f"{count:,}", NAME_PX - 3 * GAP_PX)
        own = [s for s in samples if s.label == label and s.path in seen.looks]
        for column, sample in enumerate(_drawn(own, CELLS, rng)):
            picture = decode(sample.path)
            cell = picture if sample.box is None else crop(picture, sample.box)
            thumbnail = Image.fromarray(to_input(cell, CELL_PX))
            sheet.paste(thumbnail, (NAME_PX + column * step, top))
    return sheet


def _sheet_of_fields(fields: Sequence[Field]) -> Image.Image:
    colors = _colors({marked.kind for field in fields for marked in field.boxes})
    pictures = [_with_boxes(field, colors) for field in fields]
    step, tall = FIELD_PX + GAP_PX, max(picture.height for picture in pictures)
    columns, rows = min(COLUMNS, len(pictures)), -(-len(pictures) // COLUMNS)
    size = (columns * step + GAP_PX, LINE_PX + GAP_PX + rows * (tall + LINE_PX))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    left = 2 * GAP_PX
    for kind, color in colors.items():
        draw.rectangle((left, GAP_PX + 5, left + 16, GAP_PX + 21), fill=color)
        left += 24
        left += _write(draw, (left, GAP_PX + 4), kind, size[0]) + 24
    for place, (field, picture) in enumerate(zip(fields, pictures, strict=True)):
        left = GAP_PX + place % COLUMNS * step
        top = LINE_PX + GAP_PX + place // COLUMNS * (tall + LINE_PX)
        sheet.paste(picture, (left, top))
        name = f"{field.path.name}  {field.type or ''}"
        _write(draw, (left, top + picture.height + 4), name, FIELD_PX)
    return sheet


def _with_boxes(field: Field, colors: Mapping[str, str]) -> Image.Image:
    image = Image.fromarray(decode(field.path))
    scale = FIELD_PX / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)))
    draw = ImageDraw.Draw(image)
    for marked in field.boxes:
        corners = [round(corner * scale) for corner in marked.box]
        draw.rectangle(corners, outline=colors[marked.kind], width=2)
    return image


def _drawn(items: Sequence[Item], count: int, rng: np.random.Generator) -> list[Item]:
    """Draw some at random, in their order."""
    return [items[i] for i in sorted(rng.permutation(len(items))[:count])]


def _colors(kinds: set[str]) -> dict[str, str]:
    """Give each kind a color, the usual ones theirs."""
    others = zip(sorted(kinds - KIND_COLORS.keys()), cycle(MORE_COLORS), strict=False)
    every = KIND_COLORS | dict(others)
    return {kind: every[kind] for kind in sorted(kinds)}


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], words: str, wide: int) -> int:
    """Write one line, cut to its room, and return how wide it became in pixels."""
    font = ImageFont.load_default(TEXT_PX)
    shown = one_line(words)
    while len(shown) > 1 and draw.textlength(shown, font) > wide:
        shown = shown[:-1]
    draw.text(at, shown, INK, font)
    return round(draw.textlength(shown, font))
