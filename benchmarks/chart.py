"""Latency over time, drawn with matplotlib: times above, below them ratios to the reference kernel.

Only what draws imports this file: matplotlib takes a second, and measuring does without it.
"""

import io
from collections.abc import Iterable, Sequence
from html import escape
from itertools import cycle

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.history import STAGES, Point
from benchmarks.tables import digits

SIZE_IN, DPI = (11, 6.6), 130
INK, GROUND = "#1f2430", "#ffffff"
MARK = "#010203"  # stands for the page's own ink until the SVG is written
COLORS = ("#e0559a", "#2f8fd8", "#d08a1d", "#2fa57a", "#8c6ae0", "#7d8794")  # on white and on black
SHAPES = "os^DvPX*"
MOST_LABELS = 5
SPAN = 20  # of times; beyond it small ones vanish on a linear axis

APART = 0.16  # of a run, between variants whose points would lie on each other

Look = tuple[str, str, float]  # color and shape of a series, and how far it stands to the right


def png(points: Sequence[Point], source: str = "") -> bytes:
    """Draw the history as a picture on white.

    Args:
        points: the history.
        source: what identifies the results; kept in the picture's text as `Source`.
    """
    file = io.BytesIO()
    told = {"Software": None, "Source": source}
    _draw(points, INK).savefig(file, format="png", facecolor=GROUND, metadata=told)
    return file.getvalue()


def svg(points: Sequence[Point]) -> str:
    """Draw the history as an `svg` element in the ink of the page that it stands in.

    Each point tells its figures when the pointer rests on it.
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "history"}):
        _draw(points, MARK).savefig(file, format="svg", transparent=True, metadata=nothing)
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(MARK, "currentColor")
    for number, point in enumerate(points):
        for group in (f'<g id="ms-{number}">', f'<g id="ratio-{number}">'):
            drawn = drawn.replace(group, f"{group}<title>{escape(_told(point))}</title>")
    return drawn


def _draw(points: Sequence[Point], ink: str) -> Figure:
    drawn = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    if not points:
        drawn.text(0.5, 0.5, "no run has been timed yet", ha="center", color=ink)
        return drawn
    colors = _assigned((p.row.model.variant for p in points), COLORS)
    shapes = _assigned((p.machine for p in points), SHAPES)
    panels = drawn.subplots(2, len(STAGES), sharex=True, squeeze=False)
    for stage, (above, below) in zip(STAGES, zip(*panels, strict=True), strict=True):
        shown = [(i, p) for i, p in enumerate(points) if p.row.stage == stage]
        for key in dict.fromkeys(_series(p) for _, p in shown):
            ours = [(i, p) for i, p in shown if _series(p) == key]
            variant, machine = key[1:]
            aside = APART * (list(colors).index(variant) - (len(colors) - 1) / 2)
            look = colors[variant], shapes[machine], aside
            _plot(above, "ms", [(i, p, 1.0) for i, p in ours], look)
            _plot(below, "ratio", [(i, p, p.scale) for i, p in ours if p.scale], look)
        above.set_title(f"{stage} of one picture", color=ink, fontsize=10)
    panels[0][0].set_ylabel("ms: p50, whisker to p90")
    panels[1][0].set_ylabel("times the reference kernel")
    for axes in panels.flat:
        _dress(axes, points, ink)
    handles = [_key(_plain(variant), "-", color) for variant, color in colors.items()]
    handles += [_key(_plain(machine), shape, ink) for machine, shape in shapes.items()]
    columns = min(4, len(handles))
    drawn.legend(
        handles=handles, loc="outside lower center", ncols=columns, frameon=False, labelcolor=ink
    )
    return drawn


def _plot(axes: Axes, panel: str, points: Sequence[tuple[int, Point, float]], look: Look) -> None:
    """Draw a series: its number in the history, the point, and what to multiply its times by."""
    color, shape, aside = look
    at = [p.run + aside for _, p, _ in points]
    axes.plot(at, [p.p50_ms * scale for _, p, scale in points], color=color, lw=1, alpha=0.6)
    for number, point, scale in points:
        low, high = point.p50_ms * scale, point.p90_ms * scale
        axes.plot([point.run + aside] * 2, [low, high], color=color, lw=1.4, alpha=0.6, marker="")
        mark = axes.plot(point.run + aside, low, shape, color=color, ms=5)
        mark[0].set_gid(f"{panel}-{number}")


def _dress(axes: Axes, points: Sequence[Point], ink: str) -> None:
    runs = {point.run: point for point in points}
    newest = max(runs)
    step = -(-len(runs) // MOST_LABELS)
    labelled = sorted(runs)[::-1][::step]
    labels = [
        _plain(f"{runs[i].row.time[:10]}\n{runs[i].model}\n{runs[i].commit}") for i in labelled
    ]
    axes.set_xticks(labelled, labels, fontsize=7)
    axes.set_xlim(min(runs) - 0.6, newest + 0.6)
    low, high = axes.dataLim.y0, axes.dataLim.y1
    if 0 < low < high / SPAN:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    elif high > 0:
        axes.set_ylim(0, 1.08 * high)
    axes.grid(axis="y", color=ink, alpha=0.14, lw=0.8)
    axes.tick_params(colors=ink, labelsize=7)
    axes.yaxis.label.set_color(ink)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(ink)
        spine.set_alpha(0.4)


def _series(point: Point) -> tuple[str, str, str]:
    """What a line joins: only the version of a model may change along it."""
    return point.row.model.name, point.row.model.variant, point.machine


def _assigned(names: Iterable[str], looks: Iterable[str]) -> dict[str, str]:
    return dict(zip(dict.fromkeys(names), cycle(looks), strict=False))


def _key(label: str, shape: str, color: str) -> Line2D:
    style = {"ls": "-", "lw": 3} if shape == "-" else {"ls": "", "marker": shape}
    return Line2D([], [], color=color, label=label, **style)


def _plain(text: str) -> str:
    """Keep matplotlib from reading a name as a formula or a secret, or missing a letter of it."""
    return text.encode("ascii", "replace").decode().replace("$", r"\$").lstrip("_")


def _told(point: Point) -> str:
    row = point.row
    ratio = f", {digits(point.p50_ms * point.scale)} x reference" if point.scale else ""
    return (
        f"{row.model.variant}, {row.stage}: p50 {digits(row.p50)} ms, p90 {digits(row.p90)} ms"
        f"{ratio}\n{point.model}, commit {point.commit}, {row.threads} threads\n"
        f"{row.time}\n{point.machine}"
    )
