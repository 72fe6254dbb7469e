"""The two figures of an evaluation: what was taken for what, and whether confidence was earned."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from export.evaluation.evaluate import Evaluation
from export.evaluation.metrics import BINS, Reliability, wilson
from export.evaluation.tables import found_labels
from export.plots import figure, save

INK, TEAL, ORANGE = "#0f172a", "#0d9488", "#ea580c"
EDGES = np.arange(BINS) / BINS


def draw_confusion(found: Evaluation, title: str, file: Path) -> None:
    """Draw the confusion matrix: counts in the cells, shares of each truth as their color.

    Args:
        found: the evaluation.
        title: bundle, network and data.
        file: the PNG to write.
    """
    columns = found_labels(found.confusion)
    counts = np.array([[row.get(c, 0) for c in columns] for row in found.confusion.values()])
    shares = counts / counts.sum(axis=1, keepdims=True)
    rows = [f"{label}  ({sum(row.values())})" for label, row in found.confusion.items()]
    drawn = figure(3.2 + 0.62 * len(columns), 2.2 + 0.5 * len(rows))
    axes = drawn.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=9)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.set(xlabel="found", ylabel="truth (pictures)")
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_xticks(np.arange(0.5, len(columns) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(rows) - 1), minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    drawn.colorbar(image, label="share of the truth", shrink=0.8)
    save(drawn, file)


def draw_reliability(found: Evaluation, title: str, file: Path) -> None:
    """Draw accuracy over confidence, and below it how many pictures had which confidence.

    Args:
        found: the evaluation.
        title: bundle, network and data.
        file: the PNG to write.
    """
    drawn = figure(5.6, 6.4)
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    low, high = (100 * bound for bound in found.intervals["ece"])
    error = f"calibration error (ECE) {100 * found.ece:.2f} % ({low:.2f} to {high:.2f})"
    drawn.suptitle(f"{title}\n{error}", fontsize=10, parse_math=False)
    _draw_bins(above, found.reliability)
    drawn.legend(*above.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    counts = found.reliability.count
    bars = below.bar(EDGES, counts, 1 / BINS, align="edge", color="0.6", edgecolor="w")
    below.bar_label(bars, [str(n) if n else "" for n in counts], fontsize=7, padding=1)
    below.set(xlabel="confidence", ylabel="pictures", xlim=(0, 1), ylim=(0, 1.18 * max(counts)))
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    save(drawn, file)


def _draw_bins(axes: Axes, bins: Reliability) -> None:
    """Draw each bin's accuracy with its interval, and the confidence that it should equal."""
    for edge, n, sure, share in zip(EDGES, bins.count, bins.confidence, bins.accuracy, strict=True):
        if sure is None or share is None:
            continue
        axes.bar(edge, share, 1 / BINS, align="edge", color=TEAL, edgecolor="w")
        axes.vlines(edge + 0.5 / BINS, *wilson(round(share * n), n), color=INK, linewidth=1.2)
        axes.hlines(sure, edge, edge + 1 / BINS, color=ORANGE, linewidth=2.5)
    axes.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=1)
    axes.bar(0, 0, color=TEAL, label="accuracy")
    axes.vlines([], 0, 0, color=INK, linewidth=1.2, label="95 % interval")
    axes.hlines([], 0, 0, color=ORANGE, linewidth=2.5, label="mean confidence")
    axes.set(ylabel="accuracy", ylim=(0, 1.01))
