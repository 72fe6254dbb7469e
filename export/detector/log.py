"""The log of a detector's training: a line an epoch, and drawn."""

import csv
import io
from pathlib import Path

from matplotlib.ticker import MaxNLocator

from export.checkpoint import Progress
from export.plots import figure, save
from export.run import CURVES_FILE, LOG_FILE
from runtime.files import write_whole

LOSSES = {"heat_loss": "heat maps", "box_loss": "boxes"}


def write_log(run: Path, progress: Progress) -> None:
    """Write the log anew, so that it and the checkpoint tell of the same epochs, and draw it."""
    rows = progress.rows
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    write_whole(run / LOG_FILE, stream.getvalue().encode())
    drawn = figure(10, 4)
    epochs = [row["epoch"] for row in rows]
    scores = {key: key for key in rows[0] if key not in (*LOSSES, "epoch", "seconds")}
    for place, (series, title) in enumerate(((LOSSES, "Loss"), (scores, "F1, validation")), 1):
        axes = drawn.add_subplot(1, 2, place)
        for key, label in series.items():
            axes.plot(epochs, [row[key] for row in rows], label=label, marker=".")
        axes.axvline(progress.best_epoch, color="0.2", linestyle="--", linewidth=1, label="kept")
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    save(drawn, run / CURVES_FILE)
