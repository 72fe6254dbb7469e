import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runtime.trust import CONFIDENT, UNCERTAIN, UNFAMILIAR, Trust, softmax

NUMBERS = {
    "temperature": 2.0,
    "caution": 1.0,
    "familiar": -1.0,
    "unfamiliar": 1.0,
    "confident": 0.9,
    "included": 0.05,
}


def packed(**changes: Any) -> bytes:
    """Textures of three numbers, of which the first varies from cell to cell."""
    stream = io.BytesIO()
    values = {
        "center": np.zeros(3, np.float32),
        "spread": np.ones(3, np.float32),
        "directions": np.array([[1], [0], [0]], np.float32),
    }
    np.savez(stream, **(values | changes))
    return stream.getvalue()


@pytest.fixture
def trust() -> Trust:
    return Trust.of(NUMBERS, packed())


def test_what_cells_vary_in_is_not_unfamiliar(trust: Trust) -> None:
    textures = np.array([[50, 0.1, 0], [0, 0.1, 0], [0, 30, 40]], np.float32)
    same, near, far = trust.unfamiliarity(textures)
    assert same == pytest.approx(near, abs=1e-4)
    assert far == pytest.approx(np.log(50 / np.sqrt(3)), abs=1e-4)
    assert trust.status(0.99, float(near)) == CONFIDENT
    assert trust.status(0.99, float(far)) == UNFAMILIAR


@given(arrays(np.float32, (4, 5), elements=st.floats(-50, 50, width=32)), st.floats(-5, 5))
def test_probabilities_keep_the_order_and_flatten_with_distance(
    logits: np.ndarray, distance: float
) -> None:
    trust = Trust.of(NUMBERS, packed())
    near = trust.probabilities(logits, np.full(4, -1.0, np.float32))
    far = trust.probabilities(logits, np.full(4, distance, np.float32))
    assert near.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert near == pytest.approx(softmax(logits / 2), abs=1e-6)
    assert (far.max(axis=1) <= near.max(axis=1) + 1e-6).all()


def test_an_answer_is_confident_uncertain_or_unfamiliar(trust: Trust) -> None:
    assert trust.status(0.9, 0.0) == CONFIDENT
    assert trust.status(0.89, 0.0) == UNCERTAIN
    assert trust.status(1.0, 1.0) == UNFAMILIAR
    assert trust.status(1.0, float("nan")) == UNFAMILIAR


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_prediction_set_is_never_empty_and_ranked(values: list[float]) -> None:
    trust = Trust.of(NUMBERS, packed())
    probabilities = {f"c{i}": v for i, v in enumerate(values)}
    found = trust.prediction_set(probabilities)
    assert probabilities[found[0]] == max(values)
    assert [probabilities[c] for c in found] == sorted(probabilities[c] for c in found)[::-1]
    assert all(probabilities[c] >= 0.05 for c in found[1:])
    assert all(probabilities[c] <= 0.05 for c in probabilities.keys() - set(found))


@pytest.mark.parametrize(
    ("changes", "content"),
    [
        ({"temperature": 0.0}, packed()),
        ({"caution": float("nan")}, packed()),
        ({"confident": "sure"}, packed()),
        ({}, packed(center=np.zeros(2, np.float32))),
        ({}, packed(directions=np.zeros(3, np.float32))),
        ({}, b"PK\x03\x04 no archive"),
        ({}, b""),
    ],
)
def test_odd_numbers_are_refused(changes: dict[str, Any], content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Trust.of(NUMBERS | changes, content)
