from pathlib import Path

import numpy as np
import pytest

from export.data.arrays import load_inputs, load_windows, targets
from export.data.readers import read_samples
from export.data.samples import Sample
from export.data.selection import of_split
from export.errors import DatasetError
from runtime.framing import Framing
from runtime.images import decode
from runtime.preprocess import resample, to_input
from tests.export.conftest import DRAWN, draw


def test_an_unknown_class_is_named(drawn_cells: Path) -> None:
    samples = read_samples(drawn_cells)
    assert set(targets(samples, DRAWN)) == {0, 1, 2}
    with pytest.raises(DatasetError, match="platelet"):
        targets(samples, DRAWN[:2])


def test_inputs_come_in_order_at_the_size(drawn_cells: Path) -> None:
    samples = of_split(read_samples(drawn_cells), "val")[:5]
    batch = load_inputs(samples, 32, "load")
    assert batch.shape == (5, 32, 32, 3)
    assert batch.dtype == np.uint8
    np.testing.assert_array_equal(batch[3], load_inputs(samples[3:4], 32, "load")[0])


def test_cells_of_one_field_come_in_order_too(tmp_path: Path) -> None:
    path, other = draw(tmp_path / "field.png"), draw(tmp_path / "other.png", seed=1)
    boxes = [(4.0, 4.0, 14.0, 14.0), None, (16.0, 10.0, 30.0, 28.0)]
    samples = [Sample(path, "x", None, box=boxes[0]), Sample(other, "x", None)]
    samples.append(Sample(path, "x", None, box=boxes[2]))
    batch = load_inputs(samples, 32, "load")
    for sample, loaded in zip(samples, batch, strict=True):
        np.testing.assert_array_equal(loaded, load_inputs([sample], 32, "load")[0])
    assert (batch[0] != batch[2]).any()


def test_windows_are_cut_around_the_one_that_serving_cuts(tmp_path: Path) -> None:
    sample, framing = Sample(draw(tmp_path / "cell.png"), "x", None), Framing(1.8, 0.3)
    found = load_windows([sample, sample], 32, "load", framing, (1.0, 0.8, 9.0))
    assert found.shape == (2, 3, 32, 32, 3)
    served, tighter, whole = found[1]
    picture = decode(sample.path)
    share = framing.share(picture)
    assert 0.3 < share < 1
    np.testing.assert_array_equal(served, to_input(picture, 32, framing))
    side = round(0.8 * round(32 * share))
    start = (32 - side) // 2
    cut = picture[start : start + side, start : start + side]
    np.testing.assert_array_equal(tighter, resample(cut, 32))
    np.testing.assert_array_equal(whole, picture)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"broken\.png"):
        load_inputs(read_samples(tmp_path), 32, "load")
