"""The detector finds what its network sees, at the right place of any picture, or says why not."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import BundleError, Detector, Engine, load_bundle
from runtime.verify import verify_all
from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_detector import BRIGHT, MOST, dotted, make_tiny_detector

Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_detector(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def detector(bundle: Path) -> Detector:
    return Detector.load(bundle, threads=1)


def test_cells_are_found_where_they_are(detector: Detector) -> None:
    found = detector.detect(dotted(("wbc", 40, 40), ("rbc", 80, 20), ("platelet", 16, 60)))
    assert {(c.kind, c.box) for c in found} == {
        ("wbc", (26, 26, 58, 58)),
        ("rbc", (66, 6, 98, 38)),
        ("platelet", (2, 46, 34, 78)),
    }
    assert [c.score for c in found] == pytest.approx([BRIGHT] * 3, abs=1e-5)


def test_an_empty_field_has_no_cells(detector: Detector) -> None:
    assert detector.detect(dotted()) == []


def test_a_box_ends_at_the_edge_of_the_picture(detector: Detector) -> None:
    (cell,) = detector.detect(dotted(("wbc", 0, 92)))
    assert cell.box == (0, 78, 18, 96)


def test_one_cell_with_two_peaks_is_told_once(detector: Detector) -> None:
    assert len(detector.detect(dotted(("rbc", 40, 40), ("rbc", 48, 40)))) == 1
    assert len(detector.detect(dotted(("rbc", 40, 40), ("rbc", 72, 40)))) == 2


def test_cells_of_two_kinds_may_lie_in_one_place(detector: Detector) -> None:
    found = detector.detect(dotted(("rbc", 40, 40), ("platelet", 40, 40)))
    assert sorted(c.kind for c in found) == ["platelet", "rbc"]


def test_least_takes_the_place_of_the_thresholds(detector: Detector) -> None:
    picture = dotted(("wbc", 40, 40)) // 3  # a score of 0.12
    assert detector.detect(picture) == []
    (cell,) = (c for c in detector.detect(picture, 0.1) if c.kind == "wbc")
    assert cell.score == pytest.approx(1 / (1 + np.exp(2)), abs=1e-3)
    assert all(c.score >= 0.1 for c in detector.detect(picture, 0.1))
    assert len(detector.detect(picture, 0.0)) <= MOST


@settings(max_examples=40, deadline=None)
@given(data=st.data(), width=st.integers(80, 900), height=st.integers(80, 900))
def test_a_cell_is_found_in_a_picture_of_any_size_and_shape(
    detector: Detector, data: st.DataObject, width: int, height: int
) -> None:
    size = max(4, max(width, height) // 12)
    x, y = (data.draw(st.integers(0, side - size)) for side in (width, height))
    found = detector.detect(dotted(("wbc", x, y), width=width, height=height, size=size), 0.2)
    boxes = np.array([c.box for c in found if c.kind == "wbc"])
    assert len(boxes)
    assert (boxes >= 0).all()
    assert (boxes[:, [0, 2]] <= width).all()
    assert (boxes[:, [1, 3]] <= height).all()
    middle = np.array([x, y]) + size / 2
    assert ((boxes[:, :2] <= middle) & (middle <= boxes[:, 2:])).all(axis=1).any()


def test_a_detector_may_be_shared_by_threads(detector: Detector) -> None:
    pictures = [dotted(("wbc", x, 40)) for x in range(0, 96, 8)]
    alone = [detector.detect(p) for p in pictures]
    found: list[Any] = [None] * len(pictures)

    def ask(place: int) -> None:
        found[place] = detector.detect(pictures[place])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


def test_it_tells_which_network_answers(detector: Detector) -> None:
    assert (detector.model.name, detector.model.variant) == ("tiny-fields", "int8")
    assert detector.threads == 1


def test_a_bundle_to_classify_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is a bundle to classify, not to detect") as caught:
        Detector.load(make_tiny_bundle(tmp_path))
    assert "\n" not in str(caught.value)


def test_the_engine_refuses_a_bundle_to_detect(bundle: Path) -> None:
    with pytest.raises(BundleError, match="is a bundle to detect, not to classify") as caught:
        Engine.load(bundle)
    assert "\n" not in str(caught.value)


def test_the_environment_names_a_detector(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEMATOVISION_DETECTOR", str(bundle))
    assert Detector.load().model.name == "tiny-fields"


def test_a_network_of_another_size_is_refused(tmp_path: Path, edit: Edit) -> None:
    other = make_tiny_detector(tmp_path)
    edit(other, lambda m: m["input"].update(width=256))
    with pytest.raises(BundleError, match="export the bundle again") as caught:
        Detector.load(other)
    assert caught.value.code == "bundle_incompatible"


@pytest.mark.parametrize("key", ["picking", "golden", "input"])
def test_a_manifest_without_what_detection_needs_is_damaged(tmp_path: Path, key: str) -> None:
    bundle = make_tiny_detector(tmp_path)
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    del manifest[key]
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match=key):
        Detector.load(bundle)


def test_classes_out_of_order_are_damage(tmp_path: Path, edit: Edit) -> None:
    bundle = make_tiny_detector(tmp_path)
    edit(bundle, lambda m: m["classes"].reverse())
    with pytest.raises(BundleError, match="wbc, rbc, platelet, in this order"):
        Detector.load(bundle)


def test_a_sound_bundle_proves_every_variant(bundle: Path) -> None:
    checks = verify_all(load_bundle(bundle, "detect"))
    assert [c.variant for c in checks] == ["int8", "fp32"]
    assert all(c.difference < 1e-5 for c in checks)


@pytest.mark.parametrize(
    "cells",
    [
        [{"kind": "wbc", "box": [26, 26, 58, 58], "score": 0.5}],
        [{"kind": "wbc", "box": [60, 60, 92, 92], "score": BRIGHT}],
        [{"kind": "platelet", "box": [26, 26, 58, 58], "score": BRIGHT}],
    ],
)
def test_other_cells_than_published_are_refused(
    tmp_path: Path, edit: Edit, cells: list[dict[str, Any]]
) -> None:
    bundle = make_tiny_detector(tmp_path)
    edit(bundle, lambda m: m["golden"]["cells"].update(int8=cells))
    with pytest.raises(BundleError, match="with a score that is off by"):
        verify_all(load_bundle(bundle, "detect"))


def test_a_variant_without_a_golden_answer_is_damage(tmp_path: Path, edit: Edit) -> None:
    bundle = make_tiny_detector(tmp_path)
    edit(bundle, lambda m: m["golden"]["cells"].pop("int8"))
    with pytest.raises(BundleError, match="has no golden answer for int8"):
        verify_all(load_bundle(bundle, "detect"))
