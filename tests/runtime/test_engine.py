"""The engine answers what can be computed by hand, in order, whoever asks and however many."""

import hashlib
import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime import Classification, Engine, ImageError, Refusal, decode
from runtime.engine import CHUNK
from runtime.images import Picture
from tests.runtime.shades import Encode, decoders, shade, without_time
from tests.tiny_bundle import (
    CLASSES,
    OTHER,
    RED,
    SHARPNESS,
    SIZE_PX,
    make_tiny_bundle,
)


def by_hand(*color: float) -> dict[str, float]:
    raised = np.exp(SHARPNESS * np.array(color) / 255)
    return dict(zip(CLASSES, raised / raised.sum(), strict=True))


def answered(answer: Any) -> Classification:
    assert isinstance(answer, Classification)
    return answer


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


def test_the_default_bundle_is_loaded_when_none_is_named(models: Path) -> None:
    make_tiny_bundle(models, "chosen")
    assert Engine.load(threads=1).model.name == "chosen"
