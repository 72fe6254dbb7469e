from pathlib import Path

import pytest

from export.data.samples import Sample
from export.errors import DatasetError
from export.evaluation.evaluate import Mistake, compare, evaluate, measure, mistakes
from runtime.answers import Answer, Classification, Problem, Refusal, Timing
from runtime.errors import BundleError


def sample(label: str) -> Sample:
    return Sample(Path("x.png"), label, None)


def found(**probabilities: float) -> Classification:
    """Answer with the most probable of the classes a, b and c."""
    all_three = {c: probabilities.get(c, 0.0) for c in "abc"}
    label = max(all_three, key=lambda c: all_three[c])
    return Classification(
        source="x.png",
        width=9,
        height=9,
        label=label,
        confidence=all_three[label],
        probabilities=all_three,
        status=None,
        prediction_set=None,
        attributes=None,
        um_per_px=None,
        scale_source=None,
        ms=Timing(0, 0, 0, 0),
    )


A, B = found(a=1.0), found(b=1.0)
REFUSED = Refusal("x.png", Problem("empty", "x.png is empty"))
SAMPLES = [sample("a")] * 3 + [sample("b")]


def test_figures_of_four_cells_by_hand() -> None:
    result = evaluate(SAMPLES, [A, A, B, B])
    assert result.n == 4
    assert result.accuracy == 0.75
    assert result.recall == {"a": pytest.approx(2 / 3), "b": 1.0}
    assert result.precision == {"a": 1.0, "b": 0.5}
    assert result.f1 == {"a": pytest.approx(0.8), "b": pytest.approx(2 / 3)}
    assert result.macro_recall == pytest.approx(5 / 6)
    assert result.macro_precision == 0.75
    assert result.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert result.macro_auc == pytest.approx(5 / 6)
    assert result.ece == 0.25
    assert result.confusion == {"a": {"a": 2, "b": 1}, "b": {"b": 1}}


def test_a_refused_picture_counts_as_wrong() -> None:
    result = evaluate(SAMPLES, [A, A, REFUSED, B])
    assert result.refused == 1
    assert result.accuracy == 0.75
    assert result.confusion["a"]["(refused)"] == 1
    assert sum(result.reliability.count) == 3


def test_among_its_own_classes_a_foreign_label_may_still_be_right() -> None:
    result = evaluate(SAMPLES, [found(a=0.3, b=0.1, c=0.6)] * 3 + [B])
    assert result.accuracy == 0.25
    assert result.accuracy_among == result.among.accuracy == 1.0
    assert result.among.ece == pytest.approx(3 * 0.25 / 4)


def test_nothing_answered_is_said_with_the_reason() -> None:
    with pytest.raises(DatasetError, match=r"none of the 4 .*x\.png is empty"):
        evaluate(SAMPLES, [REFUSED] * 4)


def test_two_networks_are_compared_picture_by_picture() -> None:
    result = compare(SAMPLES, [A, A, A, B], [A, A, B, B])
    assert (result.n, result.agreement, result.points_lost) == (4, 0.75, 25.0)
    assert result.interval[0] < 25 < result.interval[1]


def test_a_picture_that_one_refused_is_lost_but_not_compared() -> None:
    result = compare(SAMPLES, [A, A, A, B], [A, A, REFUSED, B])
    assert (result.n, result.agreement, result.points_lost) == (3, 1.0, 25.0)


def test_the_surest_mistake_comes_first() -> None:
    answers: list[Answer] = [found(a=0.4, b=0.6), A, found(b=0.9, c=0.1), REFUSED]
    assert mistakes(SAMPLES, answers) == [
        Mistake(Path("x.png"), None, "a", "b", 0.9),
        Mistake(Path("x.png"), None, "a", "b", 0.6),
    ]


def test_a_damaged_variant_is_noticed_before_the_work(tiny_bundle: Path) -> None:
    (tiny_bundle / "model.fp32.onnx").write_bytes(b"0")
    with pytest.raises(BundleError, match="fp32"):
        measure(tiny_bundle, [sample("red")], "set")
