"""A bundle proves itself, or says what is wrong with it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime import BundleError, HematoVisionError, load_bundle
from runtime.cli import main
from runtime.verify import verify, verify_all
from tests.tiny_bundle import OTHER, RED

Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def test_a_sound_bundle_proves_every_variant(tiny_bundle: Path) -> None:
    checks = verify_all(load_bundle(tiny_bundle))
    assert [check.variant for check in checks] == ["int8", "fp32"]
    for check in checks:
        assert check.difference < 1e-6
        assert check.tolerance == 0.001


@pytest.mark.parametrize("file", ["model.int8.onnx", "golden.png"])
def test_a_changed_file_is_damaged(tiny_bundle: Path, file: str) -> None:
    with (tiny_bundle / file).open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(BundleError, match=f"{file} does not match its manifest") as caught:
        verify(tiny_bundle, "int8")
    assert caught.value.code == "bundle_damaged"


@pytest.mark.parametrize("file", ["home.npz", "run/model.keras"])
def test_a_file_that_no_answer_needs_is_checked_with_all(
    tiny_bundle: Path, edit: Edit, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytes(range(200))
    told = {"file": file, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (tiny_bundle / "run").mkdir()
    (tiny_bundle / file).write_bytes(content)
    key = Path(file).parent.name or "home"
    edit(tiny_bundle, lambda m: m.update({key: told if key == "home" else {"model": told}}))
    assert main(["verify", str(tiny_bundle)]) == 0
    (tiny_bundle / file).write_bytes(content[:100] + b"\xff" + content[101:])
    assert main(["verify", str(tiny_bundle)]) == 2
    assert f"{file} does not match its manifest" in capsys.readouterr().err
    (tiny_bundle / file).unlink()
    assert main(["verify", str(tiny_bundle)]) == 2
    assert f"{file} cannot be read" in capsys.readouterr().err


def test_a_folder_that_no_device_needs_may_be_away(tiny_bundle: Path, edit: Edit) -> None:
    told = {"file": "run/model.keras", "sha256": "0" * 64, "bytes": 1}
    edit(tiny_bundle, lambda m: m.update(run={"model": told}))
    assert len(verify_all(load_bundle(tiny_bundle))) == 2


def test_no_file_outside_of_the_bundle_is_read(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda m: m.update(home={"file": "../home.npz", "sha256": "0" * 64}))
    with pytest.raises(BundleError, match="outside of the bundle: copy the bundle again"):
        verify_all(load_bundle(tiny_bundle))


def test_a_missing_golden_picture_is_damage(tiny_bundle: Path) -> None:
    (tiny_bundle / "golden.png").unlink()
    with pytest.raises(BundleError, match=r"golden\.png cannot be read"):
        verify(tiny_bundle, "int8")


def expect(edit: Edit, bundle: Path, probabilities: dict[str, Any]) -> None:
    edit(bundle, lambda m: m["golden"].update(probabilities={"int8": probabilities}))


@pytest.mark.parametrize("off", [0.002, -0.4])
def test_another_answer_than_published_is_refused_with_the_difference(
    tiny_bundle: Path, edit: Edit, off: float
) -> None:
    expect(edit, tiny_bundle, {"red": RED + off, "green": OTHER - off, "blue": OTHER})
    with pytest.raises(BundleError, match=f"off by {abs(off):.3f} .at most 0.001.") as caught:
        verify(tiny_bundle, "int8")
    assert caught.value.code == "bundle_incompatible"
    assert "update onnxruntime or the bundle" in str(caught.value)


def test_an_answer_within_the_tolerance_is_right(tiny_bundle: Path, edit: Edit) -> None:
    expect(edit, tiny_bundle, {"red": RED + 0.0009, "green": OTHER, "blue": OTHER})
    assert verify(tiny_bundle, "int8").difference == pytest.approx(0.0009, abs=1e-6)


@pytest.mark.parametrize(
    "probabilities", [{}, {"red": RED}, {"red": RED, "green": OTHER, "violet": OTHER}], ids=str
)
def test_a_golden_answer_of_other_classes_is_damaged(
    tiny_bundle: Path, edit: Edit, probabilities: dict[str, float]
) -> None:
    expect(edit, tiny_bundle, probabilities)
    with pytest.raises(BundleError, match="has no golden answer for int8: copy the bundle again"):
        verify(tiny_bundle, "int8")


def test_a_variant_without_a_golden_answer_is_damaged(tiny_bundle: Path, edit: Edit) -> None:
    edit(tiny_bundle, lambda m: m["golden"]["probabilities"].pop("fp32"))
    assert verify(tiny_bundle, "int8").variant == "int8"
    with pytest.raises(BundleError, match="no golden answer for fp32"):
        verify_all(load_bundle(tiny_bundle))


def test_a_golden_file_that_is_no_picture_is_refused(tiny_bundle: Path, edit: Edit) -> None:
    (tiny_bundle / "golden.png").write_bytes(b"note")
    digest = hashlib.sha256(b"note").hexdigest()
    edit(tiny_bundle, lambda m: m["golden"].update(sha256=digest))
    with pytest.raises(HematoVisionError, match=r"golden\.png is not a picture"):
        verify(tiny_bundle, "int8")


def test_a_variant_that_does_not_exist_is_refused(tiny_bundle: Path) -> None:
    with pytest.raises(BundleError, match="no variant 'int4': choose int8 or fp32"):
        verify(tiny_bundle, "int4")
