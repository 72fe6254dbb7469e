"""Comparing engines: what is not there is a line, what is there is timed side by side."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import cli, compare, engines
from benchmarks.engines import ENGINES, ONNXRUNTIME, Ask, Engine
from benchmarks.pictures import draw
from runtime import BundleError
from runtime.bundle import read_bundle

Opener = Callable[[bytes, Mapping[str, Any]], Ask]


def engine(name: str, opener: Opener, package: str = "numpy") -> Engine:
    return Engine(name, package, {"threads": 1}, "onnx", opener)


def slower(content: bytes, _: Mapping[str, Any]) -> Ask:
    """Answer as onnxruntime does, a millisecond later."""
    ask = ONNXRUNTIME.open(content, ONNXRUNTIME.options)

    def late(batch: np.ndarray) -> np.ndarray:
        time.sleep(1e-3)
        return ask(batch)

    return late


def torn(_: bytes, __: Mapping[str, Any]) -> Ask:
    raise RuntimeError("\x1b[31mno such\noperator")


def other_shape(_: bytes, __: Mapping[str, Any]) -> Ask:
    return lambda batch: np.zeros((1, 1000), np.float32)


ABSENT = engine("Absent", torn, package="a-package-that-nobody-has")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "PASSES", 2)


@pytest.fixture
def compared(
    bundle: Path, short: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command on a tiny bundle with given engines."""

    def run(chosen: tuple[Engine, ...], *more: str) -> tuple[int, str, str]:
        monkeypatch.setattr(cli, "compare", partial(compare.compare, engines=chosen))
        status = cli.main(["compare", "--model", str(bundle), "--rounds", "3", *more])
        return (status, *capsys.readouterr())

    return run


def test_two_engines_are_timed_and_a_failure_is_a_line(
    compared: Callable[..., tuple[int, str, str]],
) -> None:
    others = (ABSENT, engine("Slow", slower), engine("Torn", torn), engine("Odd", other_shape))
    status, out, err = compared((ONNXRUNTIME, *others))
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    slow = next(line for line in lines if line[0] == "Slow")
    assert float(slow[5]) > 1
    assert slow[-2:] == ["100", "%"]
    assert "not installed: run 'make compare', or pip install" in out
    assert "RuntimeError: ?[31mno such operator" in out
    assert "it answers (1, 1000)" in out


def test_the_document_holds_every_sample_and_what_engines_were_told(
    compared: Callable[..., tuple[int, str, str]], bundle: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "comparison.json"
    status, out, _ = compared(
        (ONNXRUNTIME, engine("Slow", slower), ABSENT), "--json", "--save", str(saved)
    )
    assert status == 0
    found = json.loads(out)
    assert json.loads(saved.read_text()) == found
    assert found["schema"] == "hematovision.comparison/1"
    assert (found["threads"], found["rounds"]) == (1, 3)
    assert found["reference_ms"] > 0
    variants = read_bundle(bundle).variants
    for entry in found["entries"]:
        if entry["engine"] == "Absent":
            assert entry["samples_ms"] is None
            continue
        assert len(entry["samples_ms"]) == found["calls"] == 3 * 2 * compare.CALLS
        assert entry["p50"] == pytest.approx(np.median(entry["samples_ms"]), rel=1e-4)
        assert entry["ratio"]["low"] <= entry["ratio"]["value"] <= entry["ratio"]["high"]
        assert entry["sha256"] == variants[entry["precision"]].sha256
        assert entry["options"]
        assert entry["same_labels"] == 1


@pytest.mark.parametrize("chosen", [(ONNXRUNTIME, ABSENT), (engine("Slow", slower),)])
def test_one_engine_alone_compares_nothing(
    chosen: tuple[Engine, ...], compared: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    saved = tmp_path / "comparison.json"
    status, out, err = compared(chosen, "--save", str(saved))
    assert status == 2
    assert chosen[0].name in out
    assert err.startswith("there is nothing to compare")
    assert err.count("\n") == 1
    assert not saved.exists()


def test_a_picture_that_is_none_is_told(
    compared: Callable[..., tuple[int, str, str]], bundle: Path
) -> None:
    bad = bundle / "notes.txt"
    bad.write_text("no picture")
    pair = (ONNXRUNTIME, engine("Slow", slower))
    assert compared(pair, str(bundle / "golden.png"), str(bad))[0] == 1
    assert compared(pair, str(bad))[0] == 2


def test_every_call_of_a_round_is_beside_the_others(bundle: Path, short: None) -> None:
    """An engine is never asked many times in a row, and the order changes."""
    asked: list[str] = []

    def noting(name: str) -> Engine:
        def opener(content: bytes, options: Mapping[str, Any]) -> Ask:
            ask = ONNXRUNTIME.open(content, ONNXRUNTIME.options)

            def answer(batch: np.ndarray) -> np.ndarray:
                asked.append(name)
                return ask(batch)

            return answer

        return engine(name, opener)

    pair = [noting("a"), noting("b")]
    compare.compare(read_bundle(bundle), draw(bundle), 4, pair)
    timed = asked[4 * compare.WARMUPS : -4 * 16]
    blocks = timed[:: compare.CALLS + 1]
    assert blocks.count("a") == blocks.count("b") == 2 * 4 * 2
    passes = [tuple(blocks[i : i + 4]) for i in range(0, len(blocks), 4)]
    assert len(set(passes)) > 1


def test_a_bundle_without_a_litert_form_says_so(bundle: Path) -> None:
    with pytest.raises(BundleError, match="the bundle has no LiteRT form: publish it anew"):
        engines.network(read_bundle(bundle), "litert", "int8")


def test_the_litert_form_is_read_and_checked(bundle: Path) -> None:
    file = bundle / "comparison" / "model.int8.tflite"
    file.parent.mkdir()
    file.write_bytes(b"flat")
    digest = hashlib.sha256(b"flat").hexdigest()
    told = {"int8": {"file": "comparison/model.int8.tflite", "sha256": digest, "bytes": 4}}
    whole = dataclasses.replace(read_bundle(bundle), manifest={"comparison": {"litert": told}})
    assert engines.network(whole, "litert", "int8") == (told["int8"]["file"], digest, b"flat")
    file.write_bytes(b"torn")
    with pytest.raises(BundleError, match="does not match its manifest"):
        engines.network(whole, "litert", "int8")
    told["int8"]["file"] = "../../elsewhere"
    with pytest.raises(BundleError, match="comparison/elsewhere cannot be read"):
        engines.network(whole, "litert", "int8")


@pytest.mark.parametrize("known", ENGINES, ids=lambda engine: engine.name)
def test_every_engine_is_told_to_take_one_thread(known: Engine) -> None:
    assert 1 in known.options.values()
    assert known.package in (Path(cli.__file__).parents[1] / "requirements/compare.txt").read_text()
