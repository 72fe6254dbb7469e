"""Loss and accuracy over the epochs of a training, drawn."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.ticker import MaxNLocator

from export.plots import figure, save

SERIES = (
    {"loss": "training", "val_loss": "validation"},
    {
        "accuracy": "training, augmented",
        "val_accuracy": "validation",
        "shifted_accuracy": "validation, augmented",
    },
)


def draw_curves(rows: Sequence[Mapping[str, Any]], file: Path, kept: int | None) -> None:
    """Draw the log of a training as a PNG, marked where the stage or the picture size changes.

    Args:
        rows: an epoch each, with the keys of `log.csv`.
        file: the PNG to write.
        kept: place in `rows` of the epoch whose model is kept; None before there is one.
    """
    drawn = figure(10, 4)
    epochs = range(1, len(rows) + 1)
    for place, (series, title) in enumerate(zip(SERIES, ("Loss", "Accuracy"), strict=True), 1):
        axes = drawn.add_subplot(1, 2, place)
        for key, label in series.items():
            axes.plot(epochs, [row[key] for row in rows], label=label, marker=".")
        for i, (before, row) in enumerate(pairwise(rows), 1):
            if row["stage"] != before["stage"]:
                axes.axvline(i + 0.5, color="0.4", linestyle="-.", label="fine-tuning begins")
            elif row["size_px"] != before["size_px"]:
                axes.axvline(i + 0.5, color="0.7", linestyle=":")
        if kept is not None:
            axes.axvline(kept + 1, color="0.2", linestyle="--", linewidth=1, label="kept")
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    save(drawn, file)
