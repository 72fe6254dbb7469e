"""The worst errors as one page of pictures: what the network was surest of and wrong about.

The page holds the pictures of the data set: it belongs where its user wants it, never in a bundle.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from export.evaluation.evaluate import Mistake
from export.plots import figure, save
from runtime.bundle import Bundle
from runtime.crops import crop
from runtime.images import decode
from runtime.preprocess import to_input

SHOWN, COLUMNS = 48, 8
NAME_LENGTH = 24
PART_IN, LEAST_WIDTH_IN = 1.75, 7  # the heading needs a width of its own


def draw_mistakes(mistakes: Sequence[Mistake], bundle: Bundle, title: str, file: Path) -> None:
    """Draw the first mistakes, each as the window that the network saw.

    Args:
        mistakes: the surest first, at least one; up to `SHOWN` are drawn.
        bundle: whose window is shown.
        title: bundle, network and data, and how many mistakes there are.
        file: the PNG to write.
    """
    shown = mistakes[:SHOWN]
    rows = math.ceil(len(shown) / COLUMNS)
    columns = math.ceil(len(shown) / rows)
    drawn = figure(max(LEAST_WIDTH_IN, PART_IN * columns), 0.8 + 2.35 * rows)
    more = f", the {SHOWN} surest" if len(mistakes) > SHOWN else ""
    heading = f"{title}{more}\nEach is the window that the network saw."
    drawn.suptitle(heading, fontsize=10, wrap=True, parse_math=False)
    parts = drawn.subplots(rows, columns, squeeze=False).ravel()
    for axes in parts:
        axes.set_axis_off()
    for axes, mistake in zip(parts, shown, strict=False):
        _draw(axes, mistake, bundle)
    save(drawn, file, photographs=True)


def _draw(axes: Axes, mistake: Mistake, bundle: Bundle) -> None:
    picture = decode(mistake.file)
    cell = picture if mistake.box is None else crop(picture, mistake.box)
    axes.imshow(to_input(cell, bundle.size_px, bundle.framing))
    axes.set_title(
        f"{_short(mistake.file.parent.name)}/\n{_short(mistake.file.name)}\n"
        f"{mistake.truth} \N{RIGHTWARDS ARROW}\n"
        f"{mistake.found} {100 * mistake.confidence:.1f} %",
        fontsize=7,
        parse_math=False,
    )


def _short(name: str) -> str:
    """Keep both ends of a long name, and no character that would break the line."""
    plain = "".join(c if c.isprintable() else "?" for c in name)
    half = NAME_LENGTH // 2
    return plain if len(plain) <= NAME_LENGTH else f"{plain[: half - 1]}…{plain[-half:]}"
