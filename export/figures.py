"""The two figures of an evaluation: what was taken for what, and whether confidence was earned."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from export.evaluate import Evaluation
from export.metrics import BINS
from export.plots import figure, save
from export.tables import found_labels

INK, EARNED, MISSED = "#0f172a", "#0d9488", "#ea580c"


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
    drawn = figure(5.2, 6)
    parts = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above, below = parts
    _bars_of_accuracy(above, found)
    low, high = (100 * bound for bound in found.intervals["ece"])
    error = f"calibration error (ECE) {100 * found.ece:.2f} % ({low:.2f} to {high:.2f})"
    above.set_title(f"{title}\n{error}", fontsize=10, parse_math=False)
    edges = np.arange(BINS) / BINS
    below.bar(edges, found.reliability.count, 1 / BINS, align="edge", color="0.6", edgecolor="w")
    below.set(xlabel="confidence", ylabel="pictures", xlim=(0, 1))
    for axes in parts:
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    save(drawn, file)


def _bars_of_accuracy(axes: Axes, found: Evaluation) -> None:
    """Draw each bin's accuracy, and what is missing to its confidence or exceeds it."""
    bins = zip(found.reliability.confidence, found.reliability.accuracy, strict=True)
    filled = [(i / BINS, c, a) for i, (c, a) in enumerate(bins) if c is not None and a is not None]
    edges, confidence, accuracy = (np.array(values) for values in zip(*filled, strict=True))
    width = 1 / BINS
    axes.bar(edges, accuracy, width, align="edge", color=EARNED, edgecolor="w", label="accuracy")
    axes.bar(
        edges,
        confidence - accuracy,
        width,
        accuracy,
        align="edge",
        color=MISSED,
        alpha=0.35,
        edgecolor=MISSED,
        label="gap to the confidence",
    )
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1, label="as it should be")
    axes.set(ylabel="accuracy", ylim=(0, 1))
    axes.legend(loc="upper left", fontsize=9)
