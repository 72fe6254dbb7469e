"""How this project's plots are made: no display, no global state, PNG."""

import io
import warnings
from pathlib import Path

from matplotlib.figure import Figure

from export.place import write

DPI = 120


def figure(width_in: float, height_in: float) -> Figure:
    """Make an empty figure; `Figure` itself needs no display and keeps no global state."""
    return Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")


def save(drawn: Figure, file: Path) -> None:
    """Write a figure as PNG, the same bytes for the same figure."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # The plots' font lacks the letters of some files' names: they are drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        drawn.savefig(stream, format="png", metadata={"Software": None})
    write(file, stream.getvalue())
