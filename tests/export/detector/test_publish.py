from pathlib import Path

import pytest
from PIL import Image

from runtime.detector import Detector
from runtime.images import decode
from tests.tiny_detector import dotted, make_tiny_detector

pytestmark = pytest.mark.export


def test_pictures_without_cells_stay_below_the_threshold_that_they_choose(tmp_path: Path) -> None:
    from export.detector.publish import _least_against

    detector = Detector.load(make_tiny_detector(tmp_path), threads=1)
    pictures = []
    for light in (0.55, 0.8):
        picture = (light * dotted(("wbc", 40, 40))).astype("uint8")
        pictures.append(tmp_path / f"{light}.png")
        Image.fromarray(picture).save(pictures[-1])
    least = _least_against(detector, pictures)
    best = max(c.score for c in detector.detect(decode(pictures[1]), 0.05) if c.kind == "wbc")
    assert best < least <= best + 1e-4
    for path in pictures:
        assert not [c for c in detector.detect(decode(path), least) if c.kind == "wbc"]
