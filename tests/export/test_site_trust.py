import numpy as np
import pytest

from export.recipe import Trusting
from export.site_trust import Judged, extended, retrust
from runtime.trust import UNFAMILIAR, Trust


def test_cells_of_a_site_become_familiar_and_strange_pictures_do_not() -> None:
    rng = np.random.default_rng(0)
    width = 12
    gray = np.full((width, 1), width**-0.5, np.float32)
    plain = np.zeros(width, np.float32)
    shipped = Trust(1.0, 0.0, -2.3, -2.0, 0.9, 0.1, plain, plain + 1, gray)

    def textures(count: int, offset: np.ndarray) -> np.ndarray:
        return (rng.normal(0, 0.1, (count, width)) + offset).astype(np.float32)

    labels = np.arange(60) % 2
    answers = np.where(np.eye(2)[labels] > 0, 4.0, -4.0).astype(np.float32)
    site = Judged(answers, textures(60, np.eye(width)[0]), labels)
    home = Judged(answers, textures(60, plain), labels)
    strange = textures(40, 2 * np.eye(width)[5])
    found = retrust(shipped, site, [str(i) for i in range(60)], home, strange, Trusting(), 0)
    assert found.familiar_before < 0.5
    assert found.familiar_after > 0.9
    assert found.strange_flagged > 0.9
    more = extended(shipped, site.textures).directions
    assert np.allclose(more.T @ more, np.eye(more.shape[1]), atol=1e-4)
    assert found.trust.status(1.0, float(found.trust.unfamiliarity(strange)[0])) == UNFAMILIAR


def test_directions_stay_where_a_site_is_familiar() -> None:
    rng = np.random.default_rng(0)
    gray, plain = np.full((4, 1), 0.5, np.float32), np.zeros(4, np.float32)
    shipped = Trust(1.0, 0.0, -2.3, 0.0, 0.9, 0.1, plain, plain + 1, gray)
    labels = np.arange(40) % 2
    answers = np.where(np.eye(2)[labels] > 0, 4.0, -4.0).astype(np.float32)
    near = Judged(answers, rng.normal(0, 0.1, (40, 4)).astype(np.float32), labels)
    strange = rng.normal(0, 5, (40, 4)).astype(np.float32)
    found = retrust(shipped, near, [str(i) for i in range(40)], near, strange, Trusting(), 0)
    assert found.familiar_before == 1
    assert np.array_equal(found.trust.directions, gray)
    assert found.trust.unfamiliar == shipped.unfamiliar


def test_prediction_sets_are_made_for_the_coverage_that_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    gray, plain = np.full((4, 1), 0.5, np.float32), np.zeros(4, np.float32)
    shipped = Trust(1.0, 0.0, -2.3, 9.0, 0.9, 0.1, plain, plain + 1, gray)
    labels = np.arange(200) % 2
    answers = rng.normal(0, 1, (200, 2)).astype(np.float32)
    answers[np.arange(200), labels] += 2
    near = Judged(answers, rng.normal(0, 0.1, (200, 4)).astype(np.float32), labels)
    groups, strange = [str(i) for i in range(200)], rng.normal(0, 5, (40, 4)).astype(np.float32)
    held = []
    for coverage in (0.8, 0.95):
        settings = Trusting(coverage=coverage)
        found = retrust(shipped, near, groups, near, strange, settings, 0)
        rows = found.trust.probabilities(near.logits, found.unfamiliarity)
        held.append(float((rows[np.arange(200), labels] >= found.trust.included).mean()))
    assert held == pytest.approx([0.8, 0.95], abs=0.01)
