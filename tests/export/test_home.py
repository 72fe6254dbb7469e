from pathlib import Path

import numpy as np
import pytest

from export.errors import ExportError
from export.home import read_home
from runtime.bundle import read_bundle
from tests.export.tiny_site import HOME_COLORS, cells, home_bundle


def test_home_cells_come_back_as_they_were_kept(tmp_path: Path) -> None:
    bundle = read_bundle(home_bundle(tmp_path))
    home = read_home(bundle, 3)
    assert np.allclose(home.learnt.served, cells(HOME_COLORS, 30, 1).served, atol=1e-3)
    assert home.judged.labels.tolist() == np.repeat([0, 1, 2], 30).tolist()
    with pytest.raises(ExportError, match="does not fit"):
        read_home(bundle, 4)


def test_a_bundle_without_home_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no sample of home"):
        read_home(read_bundle(home_bundle(tmp_path, at_home=False)), 3)
