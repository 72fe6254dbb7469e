import numpy as np
import pytest

from export.recipe import Attribute

pytest.importorskip("keras")
pytestmark = pytest.mark.export

TONE = Attribute(id="tone", title="Tone", values=("warm", "cool"))
FORM = Attribute(id="form", title="Form", values=("round", "long", "odd"))


def test_attributes_lie_side_by_side() -> None:
    from export.parts import spans

    assert spans([TONE, FORM]) == [(0, 2), (2, 5)]


def test_an_attribute_that_is_not_told_costs_nothing() -> None:
    from export.parts import attribute_loss

    loss = attribute_loss([TONE, FORM])
    known = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 1]], np.float32)
    logits = np.array([[0, 0, 9, 0, 0]] * 3, np.float32)
    half, third = np.log(2), np.log(np.exp(9) + 2)
    assert np.asarray(loss(known, logits)) == pytest.approx([half / 2, 0, (half + third) / 2])
