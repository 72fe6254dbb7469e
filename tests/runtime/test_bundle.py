"""A bundle is right or is refused, with one line that says what to do."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from runtime import BundleError, Engine, list_bundles, load_bundle
from runtime.framing import Framing
from tests.runtime.refusals import Edit, refusal
from tests.tiny_bundle import CLASSES, SIZE_PX, make_tiny_bundle
from tests.tiny_detector import make_tiny_detector


def test_a_sound_bundle_is_read(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert (bundle.name, bundle.version, bundle.task) == ("tiny", "1.0.0", "classify")
    assert bundle.is_default
    assert tuple(c.id for c in bundle.classes) == CLASSES
    assert bundle.classes[0].title == "Red"
    assert bundle.classes[0].color == "#dc2626"
    assert bundle.size_px == SIZE_PX
    assert set(bundle.variants) == {"int8", "fp32"}
    assert bundle.default_variant == "int8"
    assert bundle.manifest["title"] == "Mean colors"


def test_a_variant_is_found_by_name_or_by_default(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert bundle.variant().name == "int8"
    assert bundle.variant("fp32").file == "model.fp32.onnx"


def test_files_are_read_with_their_hash(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    variant = bundle.variant()
    network = bundle.read(variant.file, variant.sha256)
    assert hashlib.sha256(network).hexdigest() == variant.sha256
    assert len(network) == variant.bytes


def test_unknown_keys_are_passed_over(tiny_bundle: Path, edit: Edit) -> None:
    def grow(manifest: dict[str, Any]) -> None:
        manifest["dreams"] = {"of": ["sheep"]}
        manifest["input"]["angle"] = 3
        manifest["classes"][0]["size"] = "large"
        manifest["variants"]["int8"]["speed"] = 9

    edit(tiny_bundle, grow)
    assert Engine.load(tiny_bundle, threads=1).model.name == "tiny"


@pytest.mark.parametrize("schema", ["hematovision.bundle/1", "hematovision.bundle/2"])
def test_a_framing_is_read(tiny_bundle: Path, edit: Edit, schema: str) -> None:
    framing = {"nuclei": 2, "least": 1}
    edit(tiny_bundle, lambda m: (m.update(schema=schema), m["input"].update(framing=framing)))
    assert load_bundle(tiny_bundle).framing == Framing(nuclei=2.0, least=1.0)


def test_a_network_that_differs_from_its_hash_is_damaged(tiny_bundle: Path) -> None:
    file = tiny_bundle / "model.int8.onnx"
    content = bytearray(file.read_bytes())
    content[50] ^= 1
    file.write_bytes(content)
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert re.search(
        r"model\.int8\.onnx does not match its manifest "
        r"\(sha256 [0-9a-f]{8}… instead of [0-9a-f]{8}…\): copy the bundle again",
        str(error),
    )


def test_a_damaged_variant_leaves_the_other_one_usable(tiny_bundle: Path) -> None:
    (tiny_bundle / "model.int8.onnx").write_bytes(b"")
    assert refusal(tiny_bundle).code == "bundle_damaged"
    assert Engine.load(tiny_bundle, "fp32", threads=1).model.variant == "fp32"


def test_a_missing_network_is_damage(tiny_bundle: Path) -> None:
    (tiny_bundle / "model.int8.onnx").unlink()
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert re.search(
        r"model\.int8\.onnx cannot be read \(it is missing .*\): copy the bundle again", str(error)
    )


def test_an_unknown_variant_is_refused_with_those_there_are(tiny_bundle: Path) -> None:
    error = refusal(tiny_bundle, "int4")
    assert error.code == "bundle_incompatible"
    assert str(error) == f"{tiny_bundle} has no variant 'int4': choose int8 or fp32"


def test_a_bundle_of_another_task_is_refused(tmp_path: Path) -> None:
    error = refusal(make_tiny_detector(tmp_path))
    assert error.code == "bundle_incompatible"
    assert re.search("is a bundle to detect, not to classify: name another one", str(error))


def test_bundles_are_listed_by_name_and_broken_ones_as_errors(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        make_tiny_bundle(tmp_path, name)
    (tmp_path / "b" / "manifest.json").write_text("{")
    (tmp_path / "empty").mkdir()
    (tmp_path / "README.md").touch()
    first, second, third = list_bundles(tmp_path)
    assert not isinstance(first, BundleError)
    assert isinstance(second, BundleError)
    assert not isinstance(third, BundleError)
    assert (first.name, third.name) == ("a", "c")


def test_an_error_about_a_bundle_is_also_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is not a model bundle"):
        load_bundle(tmp_path)
