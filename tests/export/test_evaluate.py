from pathlib import Path

import pytest

from export.datasets import Sample
from export.evaluate import compare, evaluate, report, wilson
from runtime.answers import Answer, Classification, Problem, Refusal, Timing


def sample(label: str) -> Sample:
    return Sample(Path("x.png"), label, None)


def found(label: str, **probabilities: float) -> Classification:
    return Classification(
        source="x.png",
        width=9,
        height=9,
        label=label,
        confidence=1.0,
        probabilities=probabilities or {label: 1.0},
        status=None,
        prediction_set=None,
        attributes=None,
        um_per_px=None,
        scale_source=None,
        ms=Timing(0, 0, 0, 0),
    )


REFUSED = Refusal("x.png", Problem("empty", "x.png is empty"))
SAMPLES = [sample("a")] * 3 + [sample("b")]


def test_figures_of_four_cells_by_hand() -> None:
    answers: list[Answer] = [found("a"), found("a"), found("b"), found("b")]
    result = evaluate(SAMPLES, answers)
    assert result.n == 4
    assert result.accuracy == 0.75
    assert result.recall == {"a": pytest.approx(2 / 3), "b": 1.0}
    assert result.macro_recall == pytest.approx(5 / 6)
    assert result.confusion == {"a": {"a": 2, "b": 1}, "b": {"b": 1}}


def test_a_refused_picture_counts_as_wrong() -> None:
    result = evaluate(SAMPLES, [found("a"), found("a"), REFUSED, found("b")])
    assert result.refused == 1
    assert result.accuracy == 0.75
    assert result.confusion["a"]["(refused)"] == 1


def test_among_its_own_classes_a_foreign_label_may_still_be_right() -> None:
    answers: list[Answer] = [found("c", a=0.3, b=0.1, c=0.6)] * 3 + [found("b")]
    result = evaluate(SAMPLES, answers)
    assert result.accuracy == 0.25
    assert result.accuracy_among == 1.0


def test_two_networks_are_compared_picture_by_picture() -> None:
    fp32: list[Answer] = [found("a"), found("a"), found("a"), found("b")]
    int8: list[Answer] = [found("a"), found("a"), found("b"), found("b")]
    result = compare(SAMPLES, fp32, int8)
    assert result.agreement == 0.75
    assert result.points_lost == 25.0


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # From scipy.stats.binomtest(right, n).proportion_ci(method="wilson").
    [(0, 10, 0.0, 0.277533), (5, 10, 0.236593, 0.763407), (98, 100, 0.929988, 0.994498)],
)
def test_the_interval_is_wilsons(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))


def test_the_report_holds_the_counts() -> None:
    text = report("set", evaluate(SAMPLES, [found("a"), found("a"), REFUSED, found("b")]))
    assert "accuracy 75.00 %" in text
    assert "(refused)" in text
