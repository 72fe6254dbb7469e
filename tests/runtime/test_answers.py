"""Every face shows the same answer, rounded once, in the shape that the contract promises."""

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import BundleError, Classification, Engine, ImageError, Refusal, document, to_json
from runtime.answers import ModelId, Timing

MODEL = ModelId("tiny", "1.0.0", "int8", "ab" * 32)


def answer(**changes: Any) -> Classification:
    given_: dict[str, Any] = {
        "source": "slide3/cell_017.jpg",
        "width": 360,
        "height": 363,
        "label": "neutrophil",
        "confidence": 0.9,
        "probabilities": {"basophil": 0.1, "neutrophil": 0.9},
        "status": None,
        "prediction_set": None,
        "attributes": None,
        "um_per_px": None,
        "scale_source": None,
        "ms": Timing(1.1, 0.3, 1.4, 2.8),
    }
    return Classification(**(given_ | changes))


REFUSED = Refusal.of("notes.txt", ImageError("not_an_image", "notes.txt is not a picture"))


def test_the_document_has_the_shape_of_the_contract() -> None:
    assert to_json(document(MODEL, [answer(), REFUSED])) == {
        "schema": "hematovision.classify/1",
        "model": {"name": "tiny", "version": "1.0.0", "variant": "int8", "sha256": "ab" * 32},
        "results": [
            {
                "source": "slide3/cell_017.jpg",
                "width": 360,
                "height": 363,
                "label": "neutrophil",
                "confidence": 0.9,
                "probabilities": {"basophil": 0.1, "neutrophil": 0.9},
                "status": None,
                "prediction_set": None,
                "attributes": None,
                "um_per_px": None,
                "scale_source": None,
                "ms": {"decode": 1.1, "preprocess": 0.3, "inference": 1.4, "total": 2.8},
            },
            {
                "source": "notes.txt",
                "error": {"code": "not_an_image", "message": "notes.txt is not a picture"},
            },
        ],
        "summary": {"answered": 1, "refused": 1, "counts": {"neutrophil": 1}},
    }


def test_the_schema_comes_first() -> None:
    assert next(iter(to_json(document(MODEL, [])))) == "schema"


def test_what_later_bundles_know_is_passed_on() -> None:
    shape = {"nucleus_shape": {"value": "segmented", "confidence": 0.97}}
    known = to_json(
        answer(
            status="uncertain",
            prediction_set=("neutrophil", "basophil"),
            attributes=shape,
            um_per_px=0.101234567,
            scale_source="red_cells",
        )
    )
    assert known["status"] == "uncertain"
    assert known["prediction_set"] == ["neutrophil", "basophil"]
    assert known["attributes"] == shape
    assert known["um_per_px"] == 0.101235
    assert known["scale_source"] == "red_cells"


def test_a_document_without_answers_is_whole() -> None:
    assert to_json(document(MODEL, iter(())))["summary"] == {
        "answered": 0,
        "refused": 0,
        "counts": {},
    }


def test_the_summary_counts_each_class() -> None:
    labels = ["monocyte", "basophil", "monocyte"]
    whole = document(MODEL, [*(answer(label=label) for label in labels), REFUSED, REFUSED])
    assert whole.summary.answered == 3
    assert whole.summary.refused == 2
    assert whole.summary.counts == {"basophil": 1, "monocyte": 2}


def test_unfamiliar_pictures_are_counted_but_as_no_class() -> None:
    statuses = ["confident", "uncertain", "unfamiliar"]
    whole = document(MODEL, [answer(status=status) for status in statuses])
    assert whole.summary.answered == 3
    assert whole.summary.counts == {"neutrophil": 2, "unfamiliar": 1}


def test_answers_keep_their_order() -> None:
    sources = ["b", "a", "c", "a"]
    whole = document(MODEL, (answer(source=source) for source in sources))
    assert [r.source for r in whole.results] == sources


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_becomes_null(value: float) -> None:
    known = to_json(answer(confidence=value, probabilities={"basophil": value}))
    assert known["confidence"] is None
    assert known["probabilities"] == {"basophil": None}
    json.dumps(known, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1 / 3, "0.333333"),
        (2 / 3, "0.666667"),
        (0.98765449, "0.987654"),
        (1234567.0, "1234570.0"),
        (0.00001234567, "1.23457e-05"),
        (1.0, "1.0"),
        (0.0, "0.0"),
        (7, "7"),
        (True, "true"),
    ],
)
def test_floats_keep_6_significant_digits_and_the_rest_is_left(value: float, shown: str) -> None:
    assert json.dumps(to_json({"value": [value]})) == f'{{"value": [{shown}]}}'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_is_rounding_once(value: float) -> None:
    once = to_json(value)
    assert to_json(once) == once
    assert once == pytest.approx(value, rel=5.0001e-6, abs=1e-310)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda p: sum(p) > 1e-6))
def test_rounded_probabilities_still_sum_to_1(weights: list[float]) -> None:
    shares = {f"class{i}": w / sum(weights) for i, w in enumerate(weights)}
    known: Mapping[str, float] = to_json(answer(probabilities=shares))["probabilities"]
    assert list(known) == list(shares)
    assert sum(known.values()) == pytest.approx(1, abs=1e-5)


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
        max_leaves=10,
    )
)
def test_whatever_an_answer_holds_is_strict_json(value: Any) -> None:
    json.dumps(to_json(value), allow_nan=False)


def test_a_refusal_keeps_the_code_and_the_sentence_of_its_error() -> None:
    refusal = Refusal.of("a", BundleError("bundle_damaged", "b is damaged: copy it again"))
    assert (refusal.error.code, refusal.error.message) == (
        "bundle_damaged",
        "b is damaged: copy it again",
    )


def test_an_engine_answers_in_that_shape(tiny_engine: Engine, encode: Any) -> None:
    answers = tiny_engine.classify_batch([encode("red"), b"no"], ["a.png", "b.txt"])
    known = json.loads(json.dumps(to_json(document(tiny_engine.model, answers)), allow_nan=False))
    promised = to_json(document(MODEL, [answer(), REFUSED]))
    assert known.keys() == promised.keys()
    for ours, theirs in zip(known["results"], promised["results"], strict=True):
        assert ours.keys() == theirs.keys()
    assert known["results"][0]["ms"].keys() == promised["results"][0]["ms"].keys()
    assert known["summary"] == {"answered": 1, "refused": 1, "counts": {"red": 1}}
