import numpy as np
import pytest

from export.evaluation.resample import RESAMPLES, bounds, resampled, resampled_confusion
from export.evaluation.scores import among, score


def drawn(n: int, classes: int = 3, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    probabilities = rng.dirichlet(np.ones(classes), n)
    probabilities[np.arange(n), truth] += 0.4
    return truth, probabilities / probabilities.sum(axis=1, keepdims=True)


def test_every_figure_lies_within_its_interval() -> None:
    found = score(*drawn(300))
    for name, (low, high) in found.intervals.items():
        assert low < getattr(found, name) < high, name
    assert found.interval[0] < found.accuracy < found.interval[1]


def test_more_pictures_narrow_the_intervals() -> None:
    few, many = score(*drawn(100)), score(*drawn(3000))
    for name, (low, high) in many.intervals.items():
        assert high - low < few.intervals[name][1] - few.intervals[name][0], name


def test_the_same_pictures_have_the_same_intervals() -> None:
    assert score(*drawn(50)) == score(*drawn(50))


def test_a_resample_keeps_the_number_of_each_class() -> None:
    counts = np.array([[5, 2, 0], [0, 0, 0], [1, 0, 3]])
    drawn_again = resampled_confusion(counts)
    assert drawn_again.shape == (RESAMPLES, 3, 3)
    assert (drawn_again.sum(axis=2) == [7, 0, 4]).all()
    truth = np.array([0, 0, 0, 2, 2])
    figures = resampled(truth, lambda weights: weights[:, :3].sum(axis=1))
    assert (figures == 3).all()


def test_bounds_leave_a_fortieth_on_each_side() -> None:
    assert bounds(np.arange(1001.0)) == (25, 975)


def test_a_refused_picture_is_wrong_and_has_no_confidence() -> None:
    truth, probabilities = np.array([0, 0, 1, 1]), np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    probabilities[3] = np.nan
    found = score(truth, probabilities)
    assert (found.accuracy, found.macro_recall, found.macro_precision) == (0.75, 0.75, 1)
    assert (found.macro_auc, found.ece) == (1, 0)


def test_one_class_alone_has_no_area() -> None:
    found = score(np.zeros(3, np.int64), np.array([[0.8, 0.2], [0.9, 0.1], [0.4, 0.6]]))
    assert found.macro_auc is None
    assert "macro_auc" not in found.intervals
    assert found.macro_recall == pytest.approx(2 / 3)


def test_other_classes_give_their_probability_to_the_held_ones() -> None:
    shared = among(np.array([[0.2, 0.6, 0.2], [0.1, 0.0, 0.3], [np.nan] * 3]), np.array([0, 2]))
    np.testing.assert_allclose(shared[:2], [[0.5, 0, 0.5], [0.25, 0, 0.75]])
    assert np.isnan(shared[2]).all()
