"""How this project's plots are made: no display, no global state, PNG."""

import io
import warnings
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from export.place import write

DPI = 120
COLORS = 256  # lines, bars and text need no more, and take a third of the bytes


def figure(width_in: float, height_in: float) -> Figure:
    """Make an empty figure; `Figure` itself needs no display and keeps no global state."""
    return Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")


def save(drawn: Figure, file: Path, *, photographs: bool = False) -> None:
    """Write a figure as PNG, the same bytes for the same figure.

    Args:
        drawn: the figure.
        file: the PNG to write.
        photographs: whether it shows any, whose colors are all kept.
    """
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # The plots' font lacks the letters of some files' names: they are drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        drawn.savefig(stream, format="png", metadata={"Software": None})
    write(file, stream.getvalue() if photographs else _of_few_colors(stream))


def _of_few_colors(stream: io.BytesIO) -> bytes:
    with Image.open(stream) as picture:
        flat = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
        resolution = picture.info["dpi"]
    small = io.BytesIO()
    flat.save(small, "PNG", optimize=True, dpi=resolution)
    return small.getvalue()
