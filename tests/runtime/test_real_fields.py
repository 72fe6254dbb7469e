"""The shipped networks on real pictures, as far as these may be looked at."""

import csv
from pathlib import Path

import numpy as np
import pytest

from runtime.fields import Analyzer

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.load(threads=1)


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def test_fields_of_a_known_scale_read_it(analyzer: Analyzer, datasets: Path) -> None:
    """CellaVision DM96 of Barcelona: 0.100 um/px, on at least 88 % within a tenth."""
    folder = datasets / "txl_pbc"
    known = [
        folder / row["file"]
        for row in rows(folder / "sources.csv")
        if (row["source"], row["split"]) == ("pbc", "val")
    ]
    answers = [analyzer.analyze(path) for path in known]
    read = np.array([a.um_per_px or 0 for a in answers if a.scale_source == "red_cells"])
    assert len(read) > 60
    assert np.median(read) == pytest.approx(0.1, rel=0.03)
    assert np.mean(np.abs(read / 0.1 - 1) <= 0.1) >= 0.88


def test_photographs_hold_no_blood(analyzer: Analyzer, datasets: Path) -> None:
    folder = datasets / "not_cells"
    photos = [
        folder / row["file"]
        for row in rows(folder / "labels.csv")
        if row["split"] == "val" and row["label"].startswith("photo")
    ]
    answers = [analyzer.analyze(path) for path in photos]
    assert len(answers) > 50
    bloodless = [
        not answer.cells and "no_cells" in {reason.code for reason in answer.quality.reasons}
        for answer in answers
    ]
    assert np.mean(bloodless) >= 0.9
