"""Fields as PNG files: each cell in a box, white cells with their names, a scale bar below."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from runtime.bundle import CellClass
from runtime.crops import crop
from runtime.field_answers import Cell, FieldAnalysis
from runtime.figure import INK, PAPER, SOFT, figure_name
from runtime.files import unwritable, write_whole
from runtime.images import Picture, encode
from runtime.preprocess import resized
from runtime.trust import UNFAMILIAR

# Longer side of the drawing: words fit beside cells, and a picture of 60 megapixels stays small.
LEAST_PX, LARGEST_PX = 960, 2048
MARGIN_PX, FOOT_PX, TEXT_PX, LABEL_PX, BAR_PX = 12, 44, 15, 14, 4
# Red cells, of which there are many, are marked in a color that is no class's.
KIND_COLORS: Final[Mapping[str, str]] = {"wbc": "#111111", "rbc": "#3f3f46", "platelet": "#ca8a04"}
UNFAMILIAR_COLOR: Final = "#495057"
KIND_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "wbc": ("white cell", "white cells"),
    "rbc": ("red cell", "red cells"),
    "platelet": ("platelet", "platelets"),
}
# Share of the drawing's width that the scale bar takes at most.
LONGEST_BAR: Final = 0.2


def write_overlay(
    folder: Path, picture: Picture, answer: FieldAnalysis, classes: Sequence[CellClass]
) -> None:
    """Write the overlay of a field into a folder, whole or not at all.

    Args:
        folder: one that `runtime.figure.prepare_folder` has made.
        picture: the field.
        answer: what was found in it; its source names the file, see `figure_name`.
        classes: those of the classifier.

    Raises:
        HematoVisionError: `unwritable`.
    """
    write_whole(folder / figure_name(answer.source), encode(draw_overlay(picture, answer, classes)))


def write_crops(folder: Path, picture: Picture, answer: FieldAnalysis) -> None:
    """Write the square around each white cell of a field into the folder of its class.

    Args:
        folder: one that `runtime.figure.prepare_folder` has made; the folder of a class is made
            in it when it gets its first cell.
        picture: the field.
        answer: what was found in it; a file is named after its source and the cell's id.

    Raises:
        HematoVisionError: `unwritable`.
    """
    stem = Path(figure_name(answer.source)).stem
    for cell in answer.cells:
        if cell.classification:
            status, label = cell.classification.status, cell.classification.label
            of_class = folder / (UNFAMILIAR if status == UNFAMILIAR else label)
            try:
                of_class.mkdir(exist_ok=True)
            except OSError as error:
                raise unwritable(of_class, error) from error
            write_whole(of_class / f"{stem}-{cell.id}.png", encode(crop(picture, cell.box)))


def draw_overlay(picture: Picture, answer: FieldAnalysis, classes: Sequence[CellClass]) -> Picture:
    """Draw what was found into a field, and sum it up below.

    Args:
        picture: (height, width, 3) uint8 RGB.
        answer: what was found in it.
        classes: those of the classifier, for titles and colors.

    Returns:
        (height, width, 3) uint8 RGB, the picture brought to `LEAST_PX` to `LARGEST_PX` on its
        longer side, and a foot below.
    """
    longer = max(answer.width, answer.height)
    zoom = min(LARGEST_PX, max(LEAST_PX, longer)) / longer
    width, height = (max(1, round(side * zoom)) for side in (answer.width, answer.height))
    canvas = Image.new("RGB", (width, height + FOOT_PX), PAPER)
    canvas.paste(Image.fromarray(resized(picture, (width, height))))
    pen = ImageDraw.Draw(canvas)
    known = {c.id: c for c in classes}
    # White cells last, so that no box of a red cell crosses their names.
    for cell in sorted(answer.cells, key=lambda cell: cell.kind == "wbc"):
        _mark(pen, cell, zoom, (width, height), known)
    _foot(pen, answer, zoom, (width, height))
    return np.asarray(canvas)


def round_length(most: float) -> float:
    """Return the longest of 1, 2 or 5 times a power of ten that is not above `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    # Powers of ten are not exact, so that 5 may be reached but for rounding.
    return next(n * power for n in (5, 2, 1) if n * power <= most * (1 + 1e-9))


def _mark(
    pen: ImageDraw.ImageDraw,
    cell: Cell,
    zoom: float,
    size: tuple[int, int],
    known: Mapping[str, CellClass],
) -> None:
    """Draw the box of a cell; with a name that stays in the picture where it is a white one."""
    x0, y0, x1, y1 = (corner * zoom for corner in cell.box)
    named = cell.classification
    color, title = KIND_COLORS[cell.kind], ""
    if named and named.status == UNFAMILIAR:
        color, title = UNFAMILIAR_COLOR, "Unfamiliar"
    elif named:
        color = known[named.label].color
        title = f"{known[named.label].title} {100 * named.confidence:.0f} %"
    strong = cell.kind == "wbc"
    pen.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), None, color, 3 if strong else 1)
    if title:
        font = ImageFont.load_default(LABEL_PX)
        wide, high = pen.textlength(title, font) + 8, LABEL_PX + 6
        left = min(max(0, x0), max(0, size[0] - wide))
        top = y0 - high if y0 >= high else min(y1, size[1] - high)
        pen.rectangle((left, top, left + wide, top + high), color)
        pen.text((left + 4, top + 2), title, _on(color), font)


def _foot(
    pen: ImageDraw.ImageDraw, answer: FieldAnalysis, zoom: float, size: tuple[int, int]
) -> None:
    """Say below what was found, or why the field should not be counted, and how long a bar is."""
    width, top = size
    font, middle = ImageFont.load_default(TEXT_PX), top + FOOT_PX // 2
    room = width - 2 * MARGIN_PX
    if answer.um_per_px:
        px_per_um = zoom / answer.um_per_px
        length_um = round_length(LONGEST_BAR * width / px_per_um)
        label, long = f"{length_um:g} um", length_um * px_per_um
        end = width - MARGIN_PX
        bar = (end - long, middle + 6, end, middle + 6 + BAR_PX)
        pen.rectangle(bar, INK)
        pen.text((end - long / 2, middle + 2), label, INK, font, "ms")
        room -= round(max(long, pen.textlength(label, font))) + MARGIN_PX
    else:
        pen.text((width - MARGIN_PX, middle), "scale unknown", SOFT, font, "rm")
        room -= round(pen.textlength("scale unknown", font)) + MARGIN_PX
    x = float(MARGIN_PX)
    for kind, count in answer.counts.items():
        text = f"{count} {KIND_TITLES[kind][count != 1]}"
        pen.rectangle((x, middle - 6, x + 11, middle + 5), None, KIND_COLORS[kind], 2)
        pen.text((x + 18, middle), text, INK, font, "lm")
        x += 18 + pen.textlength(text, font) + 2 * MARGIN_PX
    words = "; ".join(reason.message for reason in answer.quality.reasons)
    _write(pen, words or "For Research Use Only", (x, middle), MARGIN_PX + room - x, font)


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    at: tuple[float, float],
    room: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    while text and pen.textlength(text, font) > room:
        text = text[:-1]
    pen.text(at, text, SOFT, font, "lm")


def _on(color: str) -> tuple[int, int, int]:
    """Return dark or light for words on a color (ITU-R BT.601 luma)."""
    red, green, blue = ImageColor.getrgb(color)[:3]
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else PAPER
