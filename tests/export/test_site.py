"""A site whose cells come from few pictures or slides."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from export.errors import DatasetError
from export.site import look
from export.views import VIEWS
from runtime.bundle import read_bundle
from tests.export.tiny_site import SITE_COLORS, adapt, home_bundle, right, save_cells
from tests.tiny_bundle import CLASSES


def in_groups(folder: Path, count: int) -> Path:
    """Save 24 cells and say that they are of so many slides, each with cells of all classes."""
    save_cells(folder, SITE_COLORS, 8)
    cells = sorted(folder.rglob("*.png"))
    rows = [
        f"{cell.relative_to(folder).as_posix()},{cell.parent.name},slide {i % count}"
        for i, cell in enumerate(cells)
    ]
    (folder / "labels.csv").write_text("\n".join(["file,label,group", *rows]))
    return folder


@pytest.mark.parametrize("count", [1, 2])
def test_cells_of_one_or_two_slides_cannot_be_cross_validated(tmp_path: Path, count: int) -> None:
    data = in_groups(tmp_path / "cells", count)
    with pytest.raises(DatasetError, match=f"of {count} pictures or groups, and cross-validation"):
        look(read_bundle(home_bundle(tmp_path)), data, {}, 0)


def test_cells_of_three_slides_can(tmp_path: Path) -> None:
    data = in_groups(tmp_path / "cells", 3)
    assert adapt(home_bundle(tmp_path), data, tmp_path / "models") == 0
    assert right(tmp_path / "models" / "site", SITE_COLORS, 9) > 0.95


def test_of_many_cells_a_balanced_draw_is_looked_at_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = read_bundle(home_bundle(tmp_path, trusted=True))
    data = save_cells(tmp_path / "cells", SITE_COLORS, 8)
    whole = look(bundle, data, {}, 0)
    monkeypatch.setattr("export.site.CHUNK", 5)
    parts = look(bundle, data, {}, 0)
    np.testing.assert_array_equal(parts.cells.features, whole.cells.features)
    np.testing.assert_array_equal(parts.textures, whole.textures)
    assert parts.cells.features.shape == (24, VIEWS, 3)
    monkeypatch.setattr("export.site.MOST_CELLS", 22)
    drawn = look(bundle, data, {}, 0)
    assert Counter(s.label for s in drawn.samples) == {"red": 7, "green": 7, "blue": 7}
    two = {c: SITE_COLORS[c] for c in ("red", "blue")}
    of_two = look(bundle, save_cells(tmp_path / "two", two, 12), {}, 0)
    assert Counter(s.label for s in of_two.samples) == {"red": 11, "blue": 11}
    assert drawn.cells.labels.tolist() == [CLASSES.index(s.label) for s in drawn.samples]
