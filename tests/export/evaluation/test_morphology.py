import dataclasses
from pathlib import Path

import pytest

from export.data.samples import Sample
from export.evaluation.morphology import morphology
from runtime.answers import Answer, Classification
from runtime.bundle import Attribute
from runtime.judgement import AttributeValue
from tests.export.evaluation.test_evaluate import REFUSED, A

SHAPE = Attribute("shape", "Shape", ("round", "long"), frozenset("a"))


def cell(shape: str | None, label: str = "a") -> Sample:
    told = () if shape is None else (("shape", shape),)
    return Sample(Path("x.png"), label, None, attributes=told)


def said(shape: str | None) -> Classification:
    told = None if shape is None else {"shape": AttributeValue(shape, 0.9)}
    return dataclasses.replace(A, attributes=told)


def test_attributes_are_held_against_what_the_data_tell() -> None:
    samples = [cell("round"), cell("round"), cell("long"), cell(None)]
    result = morphology(samples, [said("round"), said("long"), said("long"), said("long")], [SHAPE])
    assert result is not None
    score = result.by_attribute["shape"]
    assert score.n == result.n == 3
    assert score.macro_f1 == result.macro_f1 == pytest.approx(2 / 3)
    assert score.interval[0] <= score.macro_f1 <= score.interval[1]


@pytest.mark.parametrize("answer", [said(None), REFUSED])
def test_an_attribute_that_is_not_told_is_a_miss(answer: Answer) -> None:
    result = morphology([cell("round"), cell("round")], [said("round"), answer], [SHAPE])
    assert result is not None
    assert result.macro_f1 == pytest.approx(2 / 3)


@pytest.mark.parametrize("value", [None, "square"])
def test_data_that_tell_no_known_value_give_no_figure(value: str | None) -> None:
    assert morphology([cell(value)], [said("round")], [SHAPE]) is None
