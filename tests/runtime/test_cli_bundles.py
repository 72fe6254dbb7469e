"""Which bundle a command takes, and what `models` and `verify` say of bundles."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.commands import Output, lines, run, unusable
from tests.tiny_bundle import (
    RED,
    make_tiny_bundle,
)

Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def test_a_missing_bundle_is_one_line(pictures: Path, tmp_path: Path, capsys: Output) -> None:
    err = unusable(capsys, "classify", pictures, "--model", tmp_path / "gone")
    assert "gone is not a model bundle" in err


def test_no_bundle_at_all_is_one_line(models: Path, pictures: Path, capsys: Output) -> None:
    err = unusable(capsys, "classify", "--json", pictures)
    assert "name one with --model DIR" in err


def test_a_damaged_bundle_is_one_line(tiny: Path, pictures: Path, capsys: Output) -> None:
    (tiny / "model.int8.onnx").write_bytes(b"damaged")
    assert "does not match its manifest" in unusable(capsys, "classify", pictures)


def test_a_bundle_with_a_line_break_in_its_name_is_one_line(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    unusable(capsys, "classify", pictures, "--model", tmp_path / "a\nb")


def test_an_unknown_variant_is_one_line(tiny: Path, pictures: Path, capsys: Output) -> None:
    err = unusable(capsys, "classify", pictures, "--variant", "int4")
    assert "has no variant 'int4': choose int8 or fp32" in err


def test_the_environment_sets_defaults_and_flags_win(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEMATOVISION_VARIANT", "fp32")
    run("classify", "--json", pictures)
    assert json.loads(capsys.readouterr().out)["model"]["variant"] == "fp32"
    run("classify", "--json", pictures, "--variant", "int8")
    assert json.loads(capsys.readouterr().out)["model"]["variant"] == "int8"
    monkeypatch.setenv("HEMATOVISION_MODEL", "gone")
    assert run("classify", "--json", pictures, "--model", tiny) == 0


def test_empty_variables_set_nothing(
    tiny: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEMATOVISION_VARIANT", "")
    monkeypatch.setenv("HEMATOVISION_THREADS", "")
    assert run("classify", pictures) == 0


def test_models_lists_the_bundles(models: Path, capsys: Output) -> None:
    make_tiny_bundle(models, "spare", default=False)
    make_tiny_bundle(models, "chosen")
    assert run("models") == 0
    chosen, spare = lines(capsys.readouterr().out)
    assert chosen.split()[:4] == ["chosen", "1.0.0", "classify", "default"]
    assert spare.split()[:4] == ["spare", "1.0.0", "classify", "int8"]


def test_models_names_a_broken_bundle_and_lists_the_others(models: Path, capsys: Output) -> None:
    make_tiny_bundle(models, "sound")
    (make_tiny_bundle(models, "broken") / "manifest.json").write_text("{")
    assert run("models") == 2
    out, err = capsys.readouterr()
    assert out.startswith("sound")
    assert len(lines(err)) == 1
    assert "broken/manifest.json is not JSON" in err


@pytest.mark.parametrize("command", ["models", "verify"])
def test_a_place_without_bundles_is_one_line(models: Path, capsys: Output, command: str) -> None:
    assert f"{models} holds no bundle" in unusable(capsys, command)


def test_verify_proves_every_bundle_and_variant(models: Path, capsys: Output) -> None:
    make_tiny_bundle(models, "a")
    make_tiny_bundle(models, "b", default=False)
    assert run("verify") == 0
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in lines(out)] == [
        "a 1.0.0 int8",
        "a 1.0.0 fp32",
        "b 1.0.0 int8",
        "b 1.0.0 fp32",
    ]
    assert all("hash, graph and golden picture right" in line for line in lines(out))
    assert err == ""


def test_verify_of_a_damaged_bundle_ends_with_2_and_proves_the_others(
    models: Path, tmp_path: Path, capsys: Output
) -> None:
    damaged, sound = make_tiny_bundle(models, "a"), make_tiny_bundle(models, "b")
    (damaged / "model.int8.onnx").write_bytes(b"damaged")
    assert run("verify", damaged, sound) == 2
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in lines(out)] == ["b 1.0.0 int8", "b 1.0.0 fp32"]
    assert len(lines(err)) == 1
    assert "model.int8.onnx does not match its manifest" in err


def test_verify_of_a_wrong_golden_answer_ends_with_2(
    tiny: Path, edit: Edit, capsys: Output
) -> None:
    wrong = {"red": 0.5, "green": 0.3, "blue": 0.2}
    edit(tiny, lambda m: m["golden"].update(probabilities={"int8": wrong, "fp32": wrong}))
    err = unusable(capsys, "verify", tiny)
    assert f"off by {RED - 0.5:.3f} (at most 0.001)" in err


def test_verify_of_a_golden_file_that_is_no_picture_ends_with_2(
    tiny: Path, edit: Edit, capsys: Output
) -> None:
    (tiny / "golden.png").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    edit(tiny, lambda m: m["golden"].update(sha256=empty))
    assert "golden.png is empty" in unusable(capsys, "verify", tiny)


def test_verify_of_a_missing_bundle_ends_with_2(tmp_path: Path, capsys: Output) -> None:
    assert "gone is not a model bundle" in unusable(capsys, "verify", tmp_path / "gone")
