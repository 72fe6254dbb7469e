"""Whole fields, found and named by two hand-written networks; see `tests.tiny_squares`."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import runtime.images
from runtime import BundleError, ImageError, to_json
from runtime.answers import Refusal
from runtime.color import balanced
from runtime.engine import DECODERS
from runtime.field_answers import FieldAnalysis, field_document
from runtime.fields import Analyzer
from runtime.images import Picture, Source, encode
from runtime.scale import RED_CELL_UM
from tests.tiny_bundle import SHARPNESS, make_tiny_bundle, trusting
from tests.tiny_squares import COLORS, SIDE_PX, draw_squares, make_squares_detector

ZOOM = 4
SIDE = ZOOM * SIDE_PX
CELLS = {
    (1, 2): "wbc",
    (3, 2): "rbc",
    (3, 4): "rbc",
    (3, 6): "rbc",
    (1, 6): "platelet",
    (5, 1): "rbc",
    (5, 5): "rbc",
}
# Their levels: a white cell gains by its nucleus.
FAINT = {(4, 1, "wbc"): 0.18, (4, 3, "platelet"): 0.3}
GLASS_ALONE = draw_squares({})


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    return make_squares_detector(folder), make_tiny_bundle(folder)


@pytest.fixture(scope="module")
def analyzer(bundles: tuple[Path, Path]) -> Analyzer:
    return Analyzer.load(*bundles, threads=1)


@pytest.fixture(scope="module")
def picture() -> Picture:
    return draw_squares(CELLS, zoom=ZOOM)


@pytest.fixture(scope="module")
def answer(analyzer: Analyzer, picture: Picture) -> FieldAnalysis:
    return analyzer.analyze(picture, "field")


def test_every_cell_is_found_where_it_lies(answer: FieldAnalysis) -> None:
    found = {
        (round(c.box[1] / SIDE), round(c.box[0] / SIDE)): (c.kind, c.touches_edge)
        for c in answer.cells
    }
    assert found == {place: (kind, place[0] == 5) for place, kind in CELLS.items()}
    assert answer.counts == {"wbc": 1, "rbc": 5, "platelet": 1}


def test_cells_are_numbered_by_falling_score(analyzer: Analyzer) -> None:
    cells = analyzer.analyze(draw_squares(CELLS)).cells
    assert [c.id for c in cells] == [1, 2, 3, 4, 5, 6, 7]
    assert [c.kind for c in cells] == ["wbc", *5 * ["rbc"], "platelet"]
    levels = [max(COLORS[c.kind]) / 255 for c in cells]
    assert [c.score for c in cells[1:]] == pytest.approx(levels[1:])
    assert cells[0].score > levels[0]  # it is darker in red than the red cells


def test_the_red_cells_give_the_scale(answer: FieldAnalysis) -> None:
    assert answer.um_per_px == pytest.approx(RED_CELL_UM / SIDE)
    assert answer.scale_source == "red_cells"
    assert answer.um_per_px_interval is not None
    assert answer.cells[1].diameter_um == pytest.approx(RED_CELL_UM)


def test_white_cells_and_no_others_are_classified(answer: FieldAnalysis) -> None:
    named = [c.classification for c in answer.cells]
    assert [n is not None for n in named] == [True, *6 * [False]]
    assert named[0] is not None
    assert named[0].label == "blue"
    assert named[0].um_per_px == answer.um_per_px
    assert named[0].scale_source == "red_cells"


def test_they_are_seen_in_squares_of_1_6_times_their_box(answer: FieldAnalysis) -> None:
    """The network sees the mean color: the cell takes (1 / 1.6)^2 of what is else glass."""
    share = (SIDE / round(1.6 * SIDE)) ** 2
    odds = np.exp(SHARPNESS * share * COLORS["wbc"][2] / 255)
    assert answer.cells[0].classification is not None
    assert answer.cells[0].classification.confidence == pytest.approx(odds / (odds + 2), abs=0.01)


def test_it_answers_as_the_contract_says(answer: FieldAnalysis) -> None:
    told = to_json(answer)
    assert list(told) == [
        "source", "width", "height", "um_per_px", "um_per_px_interval", "scale_source",
        "white_balance", "quality", "cells", "counts", "ms",
    ]  # fmt: skip
    white, red, *_ = told["cells"]
    assert list(red) == [
            "id", "kind", "box", "score", "touches_edge", "diameter_um", "counted"
        ]  # fmt: skip
    assert sorted(white) == sorted([*red, "classification"])
    assert list(white["classification"]) == [
        "label", "confidence", "probabilities", "status", "prediction_set", "attributes",
        "um_per_px", "scale_source", "ms",
    ]  # fmt: skip
    assert set(told["ms"]) == {"decode", "detect", "classify", "total"}
    assert told["quality"] == {"usable": True, "reasons": []}


@pytest.mark.parametrize(("light", "left"), [(0.8, True), (0.7, False)])
def test_a_strong_cast_is_taken_from_white_cells_before_they_are_named(
    analyzer: Analyzer, light: float, left: bool
) -> None:
    """The network sees mean colors, and on neutral glass no more red than green."""
    answer = analyzer.analyze(balanced(draw_squares(CELLS, zoom=ZOOM), (1, light, light)))
    assert answer.white_balance == pytest.approx((light, 1, 1), abs=0.01)
    (named,) = [c.classification for c in answer.cells if c.classification]
    red, green = (named.probabilities[c] for c in ("red", "green"))
    assert (red > 1.2 * green) == left


def test_a_scale_may_be_given(bundles: tuple[Path, Path], picture: Picture) -> None:
    answer = Analyzer.load(*bundles, threads=1, um_per_px=0.5).analyze(picture)
    assert (answer.um_per_px, answer.um_per_px_interval) == (0.5, (0.5, 0.5))
    assert answer.scale_source == "given"
    assert answer.cells[1].diameter_um == 0.5 * SIDE


def test_without_red_cells_and_known_white_ones_the_scale_is_unknown(analyzer: Analyzer) -> None:
    answer = analyzer.analyze(draw_squares({(1, 2): "wbc"}, zoom=ZOOM))
    assert (answer.um_per_px, answer.scale_source) == (None, None)
    assert answer.cells[0].diameter_um is None


def test_white_cells_of_a_known_class_are_measured_by_their_outline(
    bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    titles = {"red": "monocyte", "green": "ig", "blue": "neutrophil"}
    classes = [{"id": c, "title": c, "color": "#2563eb"} for c in titles.values()]
    named = make_tiny_bundle(tmp_path, classes=classes)
    answer = Analyzer.load(bundles[0], named, 1).analyze(draw_squares({(1, 2): "wbc"}, zoom=ZOOM))
    assert answer.scale_source == "outline"
    assert answer.um_per_px == pytest.approx(14.0 / SIDE)
    assert answer.cells[0].diameter_um == pytest.approx(14.0)


def test_nothing_is_made_up_on_blank_glass(analyzer: Analyzer) -> None:
    answer = analyzer.analyze(GLASS_ALONE)
    assert answer.cells == []
    assert answer.counts == {"wbc": 0, "rbc": 0, "platelet": 0}
    assert not answer.quality.usable
    assert "no_cells" in {reason.code for reason in answer.quality.reasons}


@pytest.mark.parametrize(("red", "familiar", "told"), [(2, 9.0, 3), (2, 3.0, 0), (3, 3.0, 4)])
def test_without_sure_red_cells_or_a_familiar_white_one_it_is_no_blood(
    bundles: tuple[Path, Path], tmp_path: Path, red: int, familiar: float, told: int
) -> None:
    model = make_tiny_bundle(tmp_path)
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["trust"] = trusting(model, unfamiliar=familiar)
    (model / "manifest.json").write_text(json.dumps(manifest))
    picture = draw_squares({(1, 2): "wbc"} | {(3, 2 + 2 * i): "rbc" for i in range(red)})
    answer = Analyzer.load(bundles[0], model, threads=1).analyze(picture)
    codes = [reason.code for reason in answer.quality.reasons]
    assert (len(answer.cells), codes) == (told, ["too_thin"] if told else ["no_cells"])


def test_faint_cells_are_told_to_those_who_measure(bundles: tuple[Path, Path]) -> None:
    picture = draw_squares(CELLS, zoom=ZOOM)
    for (row, column, kind), level in FAINT.items():
        picture = np.minimum(picture, draw_squares({(row, column): kind}, level, ZOOM))
    usual, measured = (
        Analyzer.load(*bundles, threads=1, least=least).analyze(picture) for least in (None, 0.2)
    )
    assert len(measured.cells) == len(usual.cells) + len(FAINT)
    assert measured.counts == usual.counts  # what is only told is not counted
    assert [c.counted for c in measured.cells].count(False) == len(FAINT)
    analyzer = Analyzer.load(*bundles, threads=1)
    classes = [c.id for c in analyzer.engine.bundle.classes]
    counted = [
        field_document(analyzer.models, [answer], classes).differential
        for answer in (usual, measured)
    ]
    assert counted[0] == counted[1]
    assert measured.um_per_px == usual.um_per_px
    assert measured.quality == usual.quality
    assert all(c.classification for c in measured.cells if c.kind == "wbc")


def test_a_bad_picture_costs_its_own_answer(
    analyzer: Analyzer, picture: Picture, encode: Callable[..., bytes]
) -> None:
    pictures = [("a.png", encode(picture)), ("b.txt", b"hello"), ("c.png", encode(picture))]
    first, bad, last = analyzer.analyze_each(pictures)
    assert isinstance(bad, Refusal)
    assert (bad.source, bad.error.code) == ("b.txt", "not_an_image")
    assert isinstance(first, FieldAnalysis)
    assert isinstance(last, FieldAnalysis)
    assert (first.source, last.source) == ("a.png", "c.png")
    assert first.cells[3:] == last.cells[3:]
    with pytest.raises(ImageError, match="picture is empty"):
        analyzer.analyze(b"")


def test_the_document_counts_usable_fields_into_the_differential(
    analyzer: Analyzer, picture: Picture
) -> None:
    pictures = [("a", picture), ("blank", GLASS_ALONE), ("b", b""), ("c", picture)]
    answers = analyzer.analyze_each(pictures)
    told = to_json(field_document(analyzer.models, answers, ["red", "green", "blue"]))
    assert list(told) == ["schema", "models", "results", "differential", "summary"]
    assert told["schema"] == "hematovision.analyze/1"
    assert told["models"]["detect"]["name"] == "squares"
    assert told["models"]["classify"]["name"] == "tiny"
    assert told["summary"] == {"answered": 3, "refused": 1}
    assert told["differential"]["counted"] == 2
    assert told["differential"]["fields"] == 2
    assert told["differential"]["classes"]["blue"]["n"] == 2


def test_both_networks_are_needed(bundles: tuple[Path, Path]) -> None:
    detector, model = bundles
    with pytest.raises(BundleError, match="not to detect"):
        Analyzer.load(model, model)
    with pytest.raises(BundleError, match="not to classify"):
        Analyzer.load(detector, detector)


@pytest.mark.parametrize("shape", [(8, 5000), (5000, 8), (8, 8), (9, 700)])
def test_a_strip_is_answered(analyzer: Analyzer, shape: tuple[int, int]) -> None:
    answer = analyzer.analyze(np.full((*shape, 3), 255, np.uint8))
    assert [reason.code for reason in answer.quality.reasons][-1:] == ["no_cells"]


def test_fields_and_single_cells_share_the_bound_of_pictures_held_at_once(
    bundles: tuple[Path, Path], picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer, held, most = Analyzer.load(*bundles, threads=1), 0, 0
    guard, decode = threading.Lock(), runtime.images.decode

    def slow(source: Source, name: str = "picture") -> Picture:
        nonlocal held, most
        if not isinstance(source, bytes):
            return decode(source, name)
        with guard:
            held += 1
            most = max(most, held)
        time.sleep(0.05)
        with guard:
            held -= 1
        return decode(source, name)

    for module in ("fields", "engine"):
        monkeypatch.setattr(f"runtime.{module}.decode", slow)
    png = encode(picture)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, png) for ask in [analyzer.analyze, analyzer.engine.classify] * 6]
        answers = [each.result(timeout=60) for each in asked]
    assert len(answers) == 12
    assert most == DECODERS
