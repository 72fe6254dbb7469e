"""The engine answers what can be computed by hand, in order, whoever asks and however many."""

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper  # noqa: TID251 - builds the graphs to be refused

from runtime import BundleError, Classification, Engine, ImageError, Refusal, decode
from runtime.engine import CHUNK
from runtime.explain import LARGEST_PX, view
from runtime.framing import Framing
from runtime.images import Picture
from runtime.preprocess import window_share
from runtime.verify import verify
from tests.tiny_bundle import (
    CLASSES,
    OTHER,
    RED,
    SHARPNESS,
    SIZE_PX,
    make_tiny_bundle,
    tiny_network,
)

Encode = Callable[..., bytes]
Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def by_hand(*color: float) -> dict[str, float]:
    raised = np.exp(SHARPNESS * np.array(color) / 255)
    return dict(zip(CLASSES, raised / raised.sum(), strict=True))


def shade(number: int) -> Picture:
    """A picture of one color, another one for each number."""
    return np.full((20, 30, 3), (number * 37 % 256, number * 91 % 256, number * 53 % 256), np.uint8)


def answered(answer: Any) -> Classification:
    assert isinstance(answer, Classification)
    return answer


def without_time(answer: Classification) -> tuple[Any, ...]:
    return answer.source, answer.label, answer.confidence, dict(answer.probabilities)


def test_a_red_picture_is_red_by_as_much_as_was_computed(
    tiny_engine: Engine, encode: Encode
) -> None:
    answer = tiny_engine.classify(encode("red"), "cell.png")
    assert (answer.source, answer.width, answer.height) == ("cell.png", 40, 30)
    assert answer.label == "red"
    assert answer.confidence == pytest.approx(RED, abs=1e-6)
    assert answer.probabilities == pytest.approx(
        {"red": RED, "green": OTHER, "blue": OTHER}, abs=1e-6
    )


@pytest.mark.parametrize("color", [(0, 255, 0), (10, 20, 200), (90, 90, 91), (0, 0, 0)])
def test_any_color_has_the_probabilities_that_were_computed(
    tiny_engine: Engine, color: tuple[int, int, int]
) -> None:
    answer = tiny_engine.classify(np.full((40, 50, 3), color, np.uint8))
    assert answer.probabilities == pytest.approx(by_hand(*color), abs=1e-6)
    assert list(answer.probabilities) == list(CLASSES)
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert answer.confidence == max(answer.probabilities.values())
    assert answer.confidence == answer.probabilities[answer.label]


def test_what_this_bundle_does_not_know_is_none(tiny_engine: Engine) -> None:
    answer = tiny_engine.classify(shade(1))
    assert answer.status is None
    assert answer.prediction_set is None
    assert answer.attributes is None
    assert answer.um_per_px is None
    assert answer.scale_source is None


def test_the_answer_says_how_long_it_took(tiny_engine: Engine, encode: Encode) -> None:
    took = tiny_engine.classify(encode("red")).ms
    assert min(took.decode, took.preprocess, took.inference) > 0
    assert took.total == pytest.approx(took.decode + took.preprocess + took.inference)


def test_the_answer_names_the_network(tiny_bundle: Path) -> None:
    model = Engine.load(tiny_bundle, "fp32", threads=1).model
    network = (tiny_bundle / "model.fp32.onnx").read_bytes()
    assert (model.name, model.version, model.variant) == ("tiny", "1.0.0", "fp32")
    assert model.sha256 == hashlib.sha256(network).hexdigest()


def test_path_bytes_stream_and_array_give_the_same_answer(
    tiny_engine: Engine, encode: Encode, tmp_path: Path
) -> None:
    encoded = encode("teal")
    file = tmp_path / "cell.png"
    file.write_bytes(encoded)
    array = np.full((30, 40, 3), (0, 128, 128), np.uint8)
    sources = (file, str(file), encoded, io.BytesIO(encoded), array)
    answers = [tiny_engine.classify(source, str(file)) for source in sources]
    assert {str(without_time(a)) for a in answers} == {str(without_time(answers[0]))}


def test_a_bad_picture_alone_is_an_error(tiny_engine: Engine) -> None:
    with pytest.raises(ImageError, match=r"notes\.txt is not a picture"):
        tiny_engine.classify(b"hello", "notes.txt")


def test_a_batch_answers_as_single_pictures_do(tiny_engine: Engine) -> None:
    pictures = [shade(i) for i in range(5)]
    batch = tiny_engine.classify_batch(pictures)
    for i, (picture, answer) in enumerate(zip(pictures, batch, strict=True), 1):
        single = tiny_engine.classify(picture, f"picture {i}")
        assert without_time(answered(answer)) == without_time(single)


def test_pictures_of_many_sizes_share_a_batch(tiny_engine: Engine) -> None:
    sizes = [(8, 8), (300, 20), (SIZE_PX, SIZE_PX), (21, 500)]
    answers = tiny_engine.classify_batch([np.full((*s, 3), 77, np.uint8) for s in sizes])
    assert [(answered(a).height, answered(a).width) for a in answers] == sizes
    for answer in answers:
        assert answered(answer).confidence == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_any_number_of_pictures_is_answered_in_order(tiny_engine: Engine, count: int) -> None:
    answers = tiny_engine.classify_batch([shade(i) for i in range(count)])
    assert len(answers) == count
    for i, answer in enumerate(answers):
        assert answered(answer).source == f"picture {i + 1}"
        expected = by_hand(*(int(level) for level in shade(i)[0, 0]))
        assert answered(answer).probabilities == pytest.approx(expected, abs=1e-6)


def test_a_bad_picture_costs_its_own_answer_and_nothing_else(
    tiny_engine: Engine, encode: Encode
) -> None:
    bad = {0, 7, CHUNK, 2 * CHUNK}
    pictures = [b"no picture" if i in bad else encode("lime") for i in range(2 * CHUNK + 1)]
    names = [f"{i}.png" for i in range(len(pictures))]
    answers = tiny_engine.classify_batch(pictures, names)
    assert [a.source for a in answers] == names
    assert {i for i, a in enumerate(answers) if isinstance(a, Refusal)} == bad
    for i, answer in enumerate(answers):
        if isinstance(answer, Refusal):
            assert answer.error.code == "not_an_image"
            assert answer.error.message.startswith(f"{i}.png is not a picture")
        else:
            assert answer.label == "green"


def test_a_batch_of_bad_pictures_only_is_refused_one_by_one(tiny_engine: Engine) -> None:
    answers = tiny_engine.classify_batch([b"", b"no"] * CHUNK)
    assert [a.error.code for a in answers if isinstance(a, Refusal)] == (
        ["empty", "not_an_image"] * CHUNK
    )


def test_a_batch_of_paths_is_named_by_them(
    tiny_engine: Engine, encode: Encode, tmp_path: Path
) -> None:
    file = tmp_path / "cell.png"
    file.write_bytes(encode())
    answers = tiny_engine.classify_batch([file, tmp_path / "gone.png"])
    assert [a.source for a in answers] == [str(file), str(tmp_path / "gone.png")]


def test_names_and_pictures_must_be_as_many(tiny_engine: Engine) -> None:
    with pytest.raises(ValueError, match="longer"):
        tiny_engine.classify_batch([shade(1), shade(2)], ["only one"])


def test_eight_threads_get_the_answers_that_one_gets(tiny_engine: Engine) -> None:
    pictures = [shade(i) if i % 5 else b"bad" for i in range(CHUNK + 4)]
    names = [str(i) for i in range(len(pictures))]

    def ask(_: int) -> list[str]:
        return [
            str(without_time(a)) if isinstance(a, Classification) else str(a)
            for a in tiny_engine.classify_batch(pictures, names)
        ]

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(ask, range(24)))
    assert answers == [ask(0)] * 24


def corner() -> Picture:
    """A black picture whose upper left corner is red."""
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:15, :15] = (255, 0, 0)
    return picture


def test_an_explanation_shows_what_speaks_for_the_answer(tiny_engine: Engine) -> None:
    found = tiny_engine.explain(corner(), "corner")
    assert without_time(found.answer) == without_time(tiny_engine.classify(corner(), "corner"))
    assert np.array_equal(found.picture, corner())
    changed = np.abs(found.heat_map.astype(int) - found.picture).sum(axis=-1)
    assert changed[:12, :12].min() > 20
    assert changed[25:, 25:].max() < 5


def test_a_large_picture_is_colored_where_the_network_looked(tiny_bundle: Path, edit: Edit) -> None:
    table, schema = {"nuclei": 1.8, "least": 0.2}, "hematovision.bundle/2"
    edit(tiny_bundle, lambda m: (m.update(schema=schema), m["input"].update(framing=table)))
    rows, columns = np.ogrid[-1:1:2000j, -1:1:2000j]
    radius = np.hypot(rows, columns) / np.sqrt(0.2052 * 4 / np.pi)
    picture = np.full((2000, 2000, 3), (0, 200, 120), np.uint8)
    picture[..., 0] = np.where(radius < 1, 60 + 60 * radius, 220)
    share, reduced = (window_share(p, Framing.of(table)) for p in (picture, view(picture)))
    assert abs(share - reduced) > 0.02  # else this test could not fail
    found = Engine.load(tiny_bundle, threads=1).explain(picture).heat_map
    colored = np.ptp(found, axis=-1).max(axis=0) > 0
    assert colored.sum() == round(share * LARGEST_PX)


def test_both_variants_explain_alike(tiny_bundle: Path) -> None:
    maps = [
        Engine.load(tiny_bundle, v, threads=1).explain(corner()).heat_map for v in ("int8", "fp32")
    ]
    assert np.array_equal(*maps)


def test_a_picture_is_decoded_once_to_be_explained(
    tiny_engine: Engine, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = list[str]()

    def counted(source: Any, name: str) -> Picture:
        taken.append(name)
        return decode(source, name)

    monkeypatch.setattr("runtime.engine.decode", counted)
    assert tiny_engine.explain(io.BytesIO(encode("red")), "cell.png").answer.label == "red"
    assert taken == ["cell.png"]


def test_many_are_explained_in_order_around_a_bad_one(tiny_engine: Engine) -> None:
    pictures = [b"no picture" if i == 3 else shade(i) for i in range(CHUNK + 2)]
    found = list(tiny_engine.explain_each((str(i), p) for i, p in enumerate(pictures)))
    assert isinstance(found[3], Refusal)
    answers = [f if isinstance(f, Refusal) else f.answer for f in found]
    assert [a.source for a in answers] == [str(i) for i in range(CHUNK + 2)]
    alone = tiny_engine.explain(shade(5))
    assert not isinstance(found[5], Refusal)
    assert np.array_equal(found[5].heat_map, alone.heat_map)
    assert not decoders()


def test_what_is_explained_is_not_gathered(tiny_engine: Engine) -> None:
    taken = 0

    def endless() -> Iterator[tuple[str, Picture]]:
        nonlocal taken
        while True:
            taken += 1
            yield str(taken), shade(taken)

    found = tiny_engine.explain_each(endless())
    next(found)
    assert taken <= 3 * CHUNK
    found.close()  # type: ignore[attr-defined]
    assert not decoders()


def decoders() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("decode")]


def test_answers_come_while_pictures_still_do(tiny_engine: Engine) -> None:
    taken = 0

    def endless() -> Iterator[tuple[str, Picture]]:
        nonlocal taken
        while True:
            taken += 1
            yield str(taken), shade(taken)

    answers = tiny_engine.classify_each(endless())
    assert next(answers).source == "1"
    assert taken <= 3 * CHUNK
    assert [next(answers).source for _ in range(2 * CHUNK)][-1] == str(2 * CHUNK + 1)
    answers.close()  # type: ignore[attr-defined]


def test_an_engine_left_early_leaves_no_threads(tiny_engine: Engine) -> None:
    answers = tiny_engine.classify_each((str(i), shade(i)) for i in range(5 * CHUNK))
    next(answers)
    assert decoders()
    answers.close()  # type: ignore[attr-defined]
    assert not decoders()


def test_an_engine_read_to_the_end_leaves_no_threads(tiny_engine: Engine) -> None:
    tiny_engine.classify_batch([shade(1)] * (CHUNK + 1))
    assert not decoders()


def test_an_error_of_the_callers_own_pictures_is_passed_on(tiny_engine: Engine) -> None:
    def broken() -> Iterator[tuple[str, Picture]]:
        yield "1", shade(1)
        raise RuntimeError("the camera was unplugged")

    with pytest.raises(RuntimeError, match="unplugged"):
        list(tiny_engine.classify_each(broken()))
    assert not decoders()


def test_probabilities_of_noise_are_those_computed_by_hand(tiny_engine: Engine) -> None:
    batch = np.random.default_rng(0).integers(0, 256, (7, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    for picture, answer in zip(batch, tiny_engine.classify_batch(list(batch)), strict=True):
        assert isinstance(answer, Classification)
        assert dict(answer.probabilities) == pytest.approx(by_hand(*picture.mean((0, 1))), abs=1e-5)
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-6)


def test_many_callers_never_decode_more_than_two_pictures_at_once(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def slow(source: Any, name: str) -> Picture:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1
        return decode(source, name)

    monkeypatch.setattr("runtime.engine.decode", slow)
    with ThreadPoolExecutor(6) as callers:
        calls = [callers.submit(tiny_engine.classify_batch, [shade(3)] * 6) for _ in range(6)]
    assert all(len(call.result()) == 6 for call in calls)
    assert most == 2


def test_loading_one_bundle_twice_gives_engines_that_agree(tiny_bundle: Path) -> None:
    first, second = (Engine.load(tiny_bundle, threads=n) for n in (1, 2))
    assert (first.threads, second.threads) == (1, 2)
    assert without_time(first.classify(shade(3))) == without_time(second.classify(shade(3)))


def network(
    takes: tuple[int, list[Any]] = (TensorProto.UINT8, ["n", SIZE_PX, SIZE_PX, 3]),
    output: str = "logits",
    keepdims: int = 0,
    cast: int = TensorProto.FLOAT,
) -> bytes:
    """Build a graph that runs but may not be one that the manifest promises."""
    nodes = [
        helper.make_node("Cast", ["pictures"], ["levels"], to=cast),
        helper.make_node("ReduceMean", ["levels"], [output], axes=[1, 2], keepdims=keepdims),
        helper.make_node("ReduceMax", ["levels"], ["more"], axes=[1, 2], keepdims=0),
    ]
    # In a converted graph they stand in the order of their names.
    gives = [helper.make_empty_tensor_value_info(name) for name in sorted([output, "more"])]
    graph = helper.make_graph(
        nodes, "other", [helper.make_tensor_value_info("pictures", *takes)], gives
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.fixture
def swap(tiny_bundle: Path, edit: Edit) -> Callable[[bytes], Path]:
    """Put another network into the bundle, with its right hash."""

    def swapped(content: bytes) -> Path:
        (tiny_bundle / "model.int8.onnx").write_bytes(content)
        entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        edit(tiny_bundle, lambda manifest: manifest["variants"]["int8"].update(entry))
        return tiny_bundle

    return swapped


def test_another_graph_that_fits_is_run(swap: Callable[[bytes], Path]) -> None:
    engine = Engine.load(swap(network()), threads=1)
    assert engine.classify(np.full((20, 20, 3), (9, 0, 5), np.uint8)).label == "red"


def test_a_network_that_computes_no_number_never_answers(swap: Callable[[bytes], Path]) -> None:
    folder = swap(tiny_network(sharpness=float("nan")))
    with pytest.raises(BundleError, match="not finite") as caught:
        Engine.load(folder, threads=1).classify(shade(3))
    assert caught.value.code == "bundle_damaged"
    with pytest.raises(BundleError, match="not finite"):
        verify(folder, "int8")


@pytest.mark.parametrize(
    "changes",
    [
        {"takes": (TensorProto.FLOAT, ["n", SIZE_PX, SIZE_PX, 3])},
        {"takes": (TensorProto.UINT8, ["n", 3, SIZE_PX, SIZE_PX])},
        {"takes": (TensorProto.UINT8, ["n", 64, 64, 3])},
        {"takes": (TensorProto.UINT8, ["n", SIZE_PX, SIZE_PX, 4])},
        {"takes": (TensorProto.UINT8, ["n", "h", "w", 3])},
        {"takes": (TensorProto.UINT8, [1, SIZE_PX, SIZE_PX, 3])},
        {"output": "others"},
        {"keepdims": 1},
        {"cast": TensorProto.DOUBLE},
    ],
    ids=str,
)
def test_a_graph_that_breaks_its_manifest_promise_is_refused(
    swap: Callable[[bytes], Path], changes: dict[str, Any]
) -> None:
    folder = swap(network(**changes))
    with pytest.raises(BundleError, match=r"its manifest promises .*: export the bundle") as caught:
        Engine.load(folder, threads=1)
    assert caught.value.code == "bundle_incompatible"
    assert "\n" not in str(caught.value)


def test_a_graph_with_another_number_of_classes_is_refused(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda manifest: manifest["classes"].pop())
    with pytest.raises(BundleError, match="its manifest promises"):
        Engine.load(tiny_bundle, threads=1)


@pytest.mark.parametrize(
    "content",
    [b"garbage", bytes(1000), b"PK\x03\x04" + bytes(50), network()[:-20], b"\x08" * 99],
    ids=["text", "zeros", "zip", "cut off", "bytes"],
)
def test_garbage_with_the_right_hash_is_refused(
    swap: Callable[[bytes], Path], content: bytes
) -> None:
    folder = swap(content)
    with pytest.raises(BundleError, match=r"cannot be run by onnxruntime [\d.]+ ") as caught:
        Engine.load(folder, threads=1)
    assert caught.value.code == "bundle_incompatible"
    assert str(folder / "model.int8.onnx") in str(caught.value)
    assert "update the program or the bundle" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_default_bundle_is_loaded_when_none_is_named(models: Path) -> None:
    make_tiny_bundle(models, "chosen")
    assert Engine.load(threads=1).model.name == "chosen"
