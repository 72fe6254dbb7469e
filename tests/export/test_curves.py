from pathlib import Path

import pytest
from matplotlib.figure import Figure

from export import curves

FIGURES = ("loss", "val_loss", "accuracy", "val_accuracy", "shifted_accuracy")
ROWS = [
    {"stage": stage, "size_px": size} | dict.fromkeys(FIGURES, 0.5)
    for stage, size in [("frozen", 96), ("fine-tuning", 96), ("fine-tuning", 128)]
]


@pytest.mark.parametrize("kept", [None, 2])
def test_epochs_are_whole_and_the_kept_one_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int | None
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(curves, "save", lambda figure, _: drawn.append(figure))
    curves.draw_curves(ROWS, tmp_path / "curves.png", kept)
    for axes in drawn[0].axes:
        assert all(float(tick).is_integer() for tick in axes.get_xticks())
        marks = {line.get_label(): line.get_xdata()[0] for line in axes.lines}
        assert marks["fine-tuning begins"] == 1.5
        assert marks.get("kept") == (None if kept is None else kept + 1)
