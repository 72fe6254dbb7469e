"""Explained answers as PNG files: a picture beside its heat map, with a line of words.

A file is named after its picture and a hash of where that lies, so that pictures of one name in
different folders get files of their own, and the same picture the same file each time.
"""

import errno
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from runtime.answers import Classification
from runtime.errors import HematoVisionError
from runtime.explain import LARGEST_PX, Explanation, scale
from runtime.files import unwritable, write_whole
from runtime.images import Picture, encode
from runtime.inputs import is_folder
from runtime.preprocess import resample
from runtime.trust import UNFAMILIAR

LEAST_PX = 320  # side of each half, so that the words fit below
MARGIN_PX, LINE_PX, TEXT_PX, SMALL_PX = 16, 26, 18, 14
PAPER, INK, SOFT = (255, 255, 255), (43, 22, 56), (82, 61, 95)
STEM_LENGTH = 60  # letters: four bytes each still leave a name that every file system takes


def prepare_folder(folder: Path, paths: Sequence[str]) -> None:
    """Make the folder that figures go to, or say before the work why they cannot.

    Args:
        folder: made with what lies above it.
        paths: where the pictures come from: figures in such a folder, or beside such a file, would
            be answered as cells next time.

    Raises:
        HematoVisionError: `unwritable`.
    """
    for path in map(Path, paths):
        if not is_folder(path) and str(path) != "-" and folder.resolve() == path.resolve().parent:
            raise HematoVisionError(
                "unwritable",
                f"{folder} is where {path} lies, and figures would be taken for cells among such "
                "pictures: choose another folder",
            )
        if is_folder(path) and folder.resolve().is_relative_to(path.resolve()):
            raise HematoVisionError(
                "unwritable",
                f"{folder} lies in {path}, where the next run would take its figures for cells: "
                "choose a folder outside of it",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unwritable(folder, error) from error


def figure_name(source: str) -> str:
    """Name the file of a picture's figure: `cell_017-5f2c09ab.png` for `slide3/cell_017.jpg`."""
    stem = re.sub(r"[^\w.-]", "_", Path(source).stem)[:STEM_LENGTH].lstrip(".-")
    place = os.fsencode(Path(source).absolute())
    return f"{stem or 'picture'}-{hashlib.sha256(place).hexdigest()[:8]}.png"


def write_figure(folder: Path, explanation: Explanation, title: str) -> None:
    """Write the figure of an answer into a folder, whole or not at all.

    Args:
        folder: one that `prepare_folder` has made.
        explanation: the answer; its source names the file, see `figure_name`.
        title: what people call the class of the answer.

    Raises:
        HematoVisionError: `unwritable`.
    """
    write_whole(
        folder / figure_name(explanation.answer.source), encode(draw_figure(explanation, title))
    )


def draw_figure(explanation: Explanation, title: str) -> Picture:
    """Draw a picture and its heat map side by side, the answer and the scale of colors below.

    Args:
        explanation: what is drawn.
        title: what people call the class of the answer.

    Returns:
        (height, width, 3) uint8 RGB, for halves of `LEAST_PX` to `LARGEST_PX`.
    """
    side = min(LARGEST_PX, max(LEAST_PX, len(explanation.picture)))
    left, right, top = MARGIN_PX, 2 * MARGIN_PX + side, 2 * MARGIN_PX + side
    size = (3 * MARGIN_PX + 2 * side, top + 3 * LINE_PX + MARGIN_PX // 2)
    canvas = Image.new("RGB", size, PAPER)
    canvas.paste(Image.fromarray(resample(explanation.picture, side)), (left, MARGIN_PX))
    canvas.paste(Image.fromarray(resample(explanation.heat_map, side)), (right, MARGIN_PX))

    words, small = (ImageFont.load_default(size) for size in (TEXT_PX, SMALL_PX))
    pen = ImageDraw.Draw(canvas)

    def write(
        text: str,
        x: int,
        line: int,
        font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
        color: tuple[int, int, int],
        room: int = side,
    ) -> int:
        while text and pen.textlength(text, font) > room:
            text = text[:-1]
        pen.text((x, top + line * LINE_PX), text, color, font)
        return round(pen.textlength(text, font))

    headline, below = _verdict(explanation.answer, title)
    write(headline, left, 0, words, INK)
    write(below, left, 1, small, SOFT)
    write("For Research Use Only", left, 2, small, SOFT)
    write(f"What speaks for {title}", right, 0, words, INK)
    start = right + write("little", right, 1, small, SOFT) + MARGIN_PX // 2
    bar = scale(side // 2, SMALL_PX)
    canvas.paste(Image.fromarray(bar), (start, top + LINE_PX + 2))
    write("much", start + side // 2 + MARGIN_PX // 2, 1, small, SOFT)
    return np.asarray(canvas)


def _verdict(answer: Classification, title: str) -> tuple[str, str]:
    """Say in two lines what an answer is; no class stands first where it is unfamiliar."""
    named = f"{title}  {100 * answer.confidence:.1f} %"
    if answer.status == UNFAMILIAR:
        return "Unfamiliar", f"nearest: {named}"
    return named, answer.status or ""
