"""Loss and accuracy over the epochs of a training, drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from export.plots import figure, save

SERIES = (
    {"loss": "training", "val_loss": "validation"},
    {
        "accuracy": "training, augmented",
        "val_accuracy": "validation",
        "shifted_accuracy": "validation, augmented",
    },
)


def draw_curves(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Draw the log of a training as a PNG, a mark where the picture size changes.

    Args:
        rows: an epoch each, with the keys of `log.csv`.
        file: the PNG to write.
    """
    drawn = figure(10, 4)
    epochs = range(1, len(rows) + 1)
    for place, (series, title) in enumerate(zip(SERIES, ("Loss", "Accuracy"), strict=True), 1):
        axes = drawn.add_subplot(1, 2, place)
        for key, label in series.items():
            axes.plot(epochs, [row[key] for row in rows], label=label, marker=".")
        for before, (epoch, row) in enumerate(zip(epochs[1:], rows[1:], strict=True)):
            if row["size_px"] != rows[before]["size_px"]:
                axes.axvline(epoch - 0.5, color="0.7", linestyle=":")
        axes.set(title=title, xlabel="epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    save(drawn, file)
