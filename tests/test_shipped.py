"""The bundle that ships, on real cells of its own laboratory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from export.data.readers import read_samples
from export.data.samples import Sample
from export.data.selection import of_split
from export.evaluation.evaluate import answer_all, compare, evaluate
from runtime import Classification, Engine, decode
from runtime.bundle import MODELS, list_bundles
from runtime.synthetic import CLASSES, draw_cell
from webapp.pages.analyze import FIRST_SEED

ROOT = Path(__file__).resolve().parent.parent


def test_the_default_bundle_proves_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runtime", "verify"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("golden picture right") >= 2


def test_one_bundle_of_each_task_is_the_default_and_small() -> None:
    found = [b for b in list_bundles(MODELS) if not isinstance(b, Exception) and b.is_default]
    assert sorted(b.task for b in found) == ["classify", "detect"]
    (detector,) = (b for b in found if b.task == "detect")
    assert detector.variants["int8"].bytes <= 1_500_000
    (bundle,) = (b for b in found if b.task == "classify")
    assert bundle.variants["int8"].bytes <= 1_000_000
    assert len(bundle.classes) == 8


def test_the_drawings_that_greet_a_newcomer_are_named_right() -> None:
    drawings = [draw_cell(label, FIRST_SEED) for label in CLASSES]
    answers = Engine.load(threads=1).classify_batch(drawings)
    assert [a.label for a in answers if isinstance(a, Classification)] == list(CLASSES)
    for answer in answers:
        assert isinstance(answer, Classification)
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)


@pytest.fixture(scope="session")
def validation(datasets: Path) -> list[Sample]:
    return of_split(read_samples(datasets / "pbc"), "val")


@pytest.mark.data
def test_int8_keeps_up_with_fp32_on_validation_cells(validation: list[Sample]) -> None:
    int8, fp32 = (answer_all(Engine.load(None, v), validation, v) for v in ("int8", "fp32"))
    found = compare(validation, fp32, int8)
    assert found.agreement >= 0.99
    assert found.points_lost <= 0.3
    assert evaluate(validation, int8).accuracy >= 0.975


@pytest.mark.data
def test_turning_a_cell_hardly_ever_changes_its_name(validation: list[Sample]) -> None:
    engine = Engine.load()
    cells = [decode(s.path) for s in validation[::25]]
    turned = engine.classify_batch([np.rot90(c).copy() for c in cells])
    same = [a.label == b.label for a, b in zip(engine.classify_batch(cells), turned, strict=True)]
    assert sum(same) / len(same) >= 0.95
