from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.engine import Engine
from runtime.errors import BundleError
from tests.tiny_bundle import RED, TONE, trusting

Edit = Callable[[Path, Callable[[dict[str, Any]], Any]], None]


def shade(*rgb: int) -> np.ndarray:
    return np.full((20, 20, 3), rgb, np.uint8)


def test_without_trust_a_bundle_says_nothing_of_it(tiny_bundle: Path) -> None:
    answer = Engine.load(tiny_bundle, threads=1).classify(shade(255, 0, 0))
    assert (answer.status, answer.prediction_set, answer.attributes) == (None, None, None)


def test_an_answer_says_what_it_is_worth(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda m: m.update(trust=trusting(tiny_bundle, unfamiliar=4.0)))
    engine = Engine.load(tiny_bundle, threads=1)
    answers = [engine.classify(shade(*rgb)) for rgb in ((60, 0, 0), (9, 8, 0), (255, 0, 0))]
    assert [a.status for a in answers] == ["uncertain", "uncertain", "unfamiliar"]
    assert answers[1].prediction_set == ["red", "green", "blue"]
    assert answers[2].prediction_set == ["red"]


def test_probabilities_are_calibrated(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda m: m.update(trust=trusting(tiny_bundle, temperature=2.0)))
    found = Engine.load(tiny_bundle, threads=1).classify(shade(255, 0, 0)).confidence
    assert found == pytest.approx(np.exp(3) / (np.exp(3) + 2), abs=1e-5)
    assert found < RED


def test_attributes_are_told_of_the_classes_that_taught_them(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda m: m.update(attributes=[TONE]))
    engine = Engine.load(tiny_bundle, threads=1)
    told = engine.classify(shade(0, 0, 255)).attributes
    assert told is not None
    assert told["tone"].value == "cool"
    assert told["tone"].confidence == pytest.approx(np.exp(6) / (np.exp(6) + 1), abs=1e-5)
    assert engine.classify(shade(0, 255, 0)).attributes is None


@pytest.mark.parametrize(
    "change",
    [
        lambda m, b: m.update(trust=trusting(b, temperature=-1.0)),
        lambda m, b: m.update(trust=trusting(b) | {"sha256": "0" * 64}),
        lambda m, b: m.update(trust=trusting(b) | {"file": "../trust.npz"}),
        lambda m, b: m.update(trust={}),
        lambda m, b: m.update(trust=[]),
        lambda m, b: m.update(attributes=[TONE | {"values": 3}]),
        lambda m, b: m.update(attributes=[TONE | {"title": "a\nb"}]),
        lambda m, b: m.update(attributes={"tone": 1}),
    ],
)
def test_a_manifest_that_is_wrong_about_trust_is_refused(
    tiny_bundle: Path, edit: Edit, change: Callable[[dict[str, Any], Path], None]
) -> None:
    edit(tiny_bundle, lambda m: change(m, tiny_bundle))
    with pytest.raises(BundleError) as caught:
        Engine.load(tiny_bundle, threads=1)
    assert caught.value.code == "bundle_damaged"


def test_a_graph_without_the_promised_attributes_is_refused(tiny_bundle: Path, edit: Edit) -> None:
    wide = TONE | {"values": ["warm", "cool", "none"]}
    edit(tiny_bundle, lambda m: m.update(attributes=[wide]))
    with pytest.raises(BundleError, match="its manifest promises"):
        Engine.load(tiny_bundle, threads=1)
