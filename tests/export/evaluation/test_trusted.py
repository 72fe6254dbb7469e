import dataclasses

import numpy as np
import pytest

from export.evaluation.evaluate import evaluate
from export.evaluation.metrics import area_under_risk, risk_coverage
from export.evaluation.trusted import judged, trusted
from runtime.answers import Classification, to_json
from tests.export.evaluation.test_evaluate import REFUSED, SAMPLES, A, B, found

ONE = np.ones((1, 4))


def marked(answer: Classification, status: str, held: list[str]) -> Classification:
    return dataclasses.replace(answer, status=status, prediction_set=held, unfamiliarity=0.5)


SURE = marked(found(a=0.9), "confident", ["a"])
UNSURE = marked(found(a=0.6, b=0.4), "uncertain", ["a", "b"])
ODD = marked(found(a=1.0), "unfamiliar", ["a"])


def test_risk_grows_as_less_sure_answers_are_believed() -> None:
    rank, right = np.array([0.9, 0.5, 0.8, 0.7]), np.array([True, False, True, False])
    coverage, risk = risk_coverage(rank, right, ONE)
    np.testing.assert_allclose(coverage, [[0.25, 0.5, 0.75, 1.0]])
    np.testing.assert_allclose(risk, [[0, 0, 1 / 3, 0.5]])
    assert area_under_risk(rank, right, ONE) == pytest.approx((1 / 3 + 0.5) / 4)


def test_equally_sure_answers_are_believed_together_whatever_their_order() -> None:
    rank, right = np.full(4, 0.9), np.array([True, False, True, True])
    for order in ([0, 1, 2, 3], [1, 0, 2, 3]):
        assert area_under_risk(rank, right[order], ONE) == pytest.approx(0.25)


def test_a_picture_that_was_drawn_twice_weighs_two() -> None:
    rank, right = np.array([0.9, 0.5, 0.8]), np.array([True, False, True])
    twice = np.array([0, 1, 1, 2])
    assert area_under_risk(rank, right, np.array([[1.0, 2, 1]])) == pytest.approx(
        area_under_risk(rank[twice], right[twice], ONE)
    )


def test_each_status_has_its_share_and_its_accuracy() -> None:
    marks = judged(SAMPLES, [SURE, UNSURE, ODD, UNSURE])
    assert marks is not None
    result = trusted(marks)
    assert [(s.n, s.of, s.accuracy) for s in result.statuses.values()] == [
        (1, 4, 1.0),
        (2, 4, 0.5),
        (1, 4, 1.0),
    ]
    low, high = result.statuses["uncertain"].interval
    assert low < result.statuses["uncertain"].share == 0.5 < high
    assert (result.coverage, result.set_size) == (1.0, 1.5)
    assert result.intervals.keys() == {"coverage", "set_size", "aurc"}


def test_unfamiliar_answers_are_believed_last_however_sure() -> None:
    wrong = dataclasses.replace(ODD, label="b")
    first = judged(SAMPLES, [SURE, UNSURE, wrong, marked(B, "confident", ["b"])])
    assert first is not None
    # Three right answers come before the only wrong one.
    assert trusted(first).aurc == pytest.approx(0.25 / 4)


def test_a_status_without_answers_has_no_accuracy() -> None:
    marks = judged(SAMPLES[:2], [SURE, SURE])
    assert marks is not None
    empty = trusted(marks).statuses["unfamiliar"]
    assert (empty.n, empty.accuracy, empty.accuracy_interval) == (0, None, None)


def test_a_bundle_without_trust_has_none() -> None:
    result = evaluate(SAMPLES, [A, A, REFUSED, B])
    assert (result.trust, result.attributes) == (None, None)


def test_refused_pictures_have_no_part_in_trust() -> None:
    result = evaluate(SAMPLES, [SURE, REFUSED, SURE, UNSURE]).trust
    assert result is not None
    assert result.statuses["confident"].of == 3


def test_unfamiliarity_enters_no_json() -> None:
    assert "unfamiliarity" not in to_json(ODD)
