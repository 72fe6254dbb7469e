import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

from export.evaluation.metrics import (
    BINS,
    calibration_error,
    confusion,
    macro_auc,
    paired_difference,
    recall_precision_f1,
    reliability,
    wilson,
)


def cells(seed: int, n: int = 60, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Draw truths of every class, and probabilities with ties that lean to the truth."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    raised = rng.integers(0, 4, (n, classes)) + 0.5
    raised[np.arange(n), truth] += 1
    return truth, raised / raised.sum(axis=1, keepdims=True)


def once(n: int) -> np.ndarray:
    return np.ones((1, n))


def test_counts_and_class_figures_by_hand() -> None:
    counts = confusion(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]), 2)
    assert counts.tolist() == [[2, 1, 0], [0, 0, 1]]
    recall, precision, f1 = recall_precision_f1(counts)
    assert recall.tolist() == [2 / 3, 0]
    assert precision.tolist() == [1, 0]
    assert f1.tolist() == [0.8, 0]


@pytest.mark.parametrize("seed", range(5))
def test_class_figures_are_those_of_scikit_learn(seed: int) -> None:
    truth, probabilities = cells(seed)
    found = probabilities.argmax(axis=1)
    counts = confusion(truth, found, 4)
    np.testing.assert_array_equal(counts[:, :-1], confusion_matrix(truth, found))
    recall, precision, f1 = recall_precision_f1(counts)
    expected = precision_recall_fscore_support(truth, found, zero_division=0)
    np.testing.assert_allclose([precision, recall, f1], expected[:3])


def test_the_area_counts_ties_as_half() -> None:
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.2, 0.8]])
    # Of the four pairs three are won and one is tied.
    assert macro_auc(np.array([0, 0, 1, 1]), probabilities, once(4))[0] == 3.5 / 4


@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_that_of_scikit_learn(seed: int) -> None:
    truth, probabilities = cells(seed)
    expected = roc_auc_score(truth, probabilities, multi_class="ovr")
    assert macro_auc(truth, probabilities, once(60))[0] == pytest.approx(expected)


def test_a_picture_that_weighs_two_is_a_picture_twice() -> None:
    truth, probabilities = cells(1)
    weights = np.random.default_rng(1).integers(1, 4, (3, 60)).astype(float)
    areas = macro_auc(truth, probabilities, weights)
    hit, sure = probabilities.argmax(axis=1) == truth, probabilities.max(axis=1)
    errors = calibration_error(sure, hit, weights)
    for area, error, row in zip(areas, errors, weights, strict=True):
        twice = np.repeat(np.arange(60), row.astype(int))
        n = len(twice)
        assert macro_auc(truth[twice], probabilities[twice], once(n))[0] == pytest.approx(area)
        assert calibration_error(sure[twice], hit[twice], once(n))[0] == pytest.approx(error)


def test_the_calibration_error_by_hand() -> None:
    sure, hit = np.array([0.95, 0.97, 0.62]), np.array([True, False, True])
    # Two pictures share a bin: |0.96 - 0.5|; the third is alone: |0.62 - 1|.
    expected = (2 * 0.46 + 0.38) / 3
    assert calibration_error(sure, hit, once(3))[0] == pytest.approx(expected)
    bins = reliability(sure, hit)
    assert sum(bins.count) == 3
    assert bins.count[-1] == 2
    assert bins.accuracy[-1] == 0.5
    assert bins.confidence[0] is None


@given(st.lists(st.booleans(), min_size=1), st.floats(0, 1))
def test_full_confidence_in_what_is_right_has_no_error(hits: list[bool], sure: float) -> None:
    right = np.array(hits)
    assert calibration_error(right.astype(float), right, once(len(hits)))[0] == 0
    error = calibration_error(np.full(len(hits), sure), right, once(len(hits)))[0]
    assert error == pytest.approx(abs(sure - right.mean()), abs=1e-9)


@given(st.floats(0, 1))
def test_every_confidence_has_one_bin(sure: float) -> None:
    bins = reliability(np.array([sure]), np.array([True]))
    assert len(bins.count) == BINS
    assert sum(bins.count) == 1
    place = bins.count.index(1)
    assert place / BINS - 1e-9 <= sure <= (place + 1) / BINS + 1e-9


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # From scipy.stats.binomtest(right, n).proportion_ci(method="wilson").
    [(0, 10, 0.0, 0.277533), (5, 10, 0.236593, 0.763407), (98, 100, 0.929988, 0.994498)],
)
def test_the_interval_is_wilsons(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_the_share(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0 <= low <= pair[0] / pair[1] <= high <= 1


def test_a_paired_difference_by_hand() -> None:
    # 10 and 4 of 100 become 10.5 and 4.5 of 102.
    low, high = paired_difference(10, 4, 100)
    half = 1.959964 * (15 - 36 / 102) ** 0.5 / 102
    assert (low, high) == (pytest.approx(6 / 102 - half), pytest.approx(6 / 102 + half))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_a_paired_difference_turns_with_its_sides(gained: int, lost: int, both: int) -> None:
    n = gained + lost + both
    low, high = paired_difference(gained, lost, n)
    assert -1 <= low < high <= 1
    assert paired_difference(lost, gained, n) == (pytest.approx(-high), pytest.approx(-low))
