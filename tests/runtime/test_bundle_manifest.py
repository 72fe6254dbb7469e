"""A manifest is right or is refused, with one line that says what to do."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import BundleError, list_bundles
from runtime.bundle import read_bundle
from tests.runtime.refusals import Edit, refusal
from tests.tiny_bundle import make_tiny_bundle

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    error = refusal(tmp_path / "gone")
    assert error.code == "bundle_missing"
    assert re.search(r"gone is not a model bundle .*: name the folder of one", str(error))


def test_a_folder_without_a_manifest_is_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "bundle_missing"


def test_a_file_in_place_of_the_folder_is_missing(tiny_bundle: Path) -> None:
    error = refusal(tiny_bundle / "golden.png")
    assert error.code == "bundle_missing"
    assert "Not a directory" in str(error)


@pytest.mark.parametrize(
    "text",
    ["", "{", "not json", '{"schema": "hematovision.bundle/1"', "[" * 100_000, '{"size": NaN}'],
    ids=["empty", "open", "text", "cut off", "deep", "NaN"],
)
def test_a_manifest_that_is_not_json_is_damaged(tiny_bundle: Path, text: str) -> None:
    (tiny_bundle / "manifest.json").write_text(text)
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert re.search(r"manifest\.json is not JSON .*: copy the bundle again", str(error))


def test_a_manifest_that_is_not_text_is_damaged(tiny_bundle: Path) -> None:
    (tiny_bundle / "manifest.json").write_bytes(b"\xff\xfe\x00")
    assert refusal(tiny_bundle).code == "bundle_damaged"


@pytest.mark.parametrize(
    "manifest",
    [
        {"schema": "hematovision.bundle/3"},
        {"schema": "hematovision.classify/1"},
        {"schema": None},
        {"schema": 1},
        {},
        [],
        "hematovision.bundle/1",
        None,
    ],
    ids=str,
)
def test_another_schema_is_refused_with_both_names(tiny_bundle: Path, manifest: Any) -> None:
    (tiny_bundle / "manifest.json").write_text(json.dumps(manifest))
    error = refusal(tiny_bundle)
    assert error.code == "bundle_incompatible"
    assert "this program reads hematovision.bundle/1 and hematovision.bundle/2" in str(error)
    if isinstance(manifest, dict):
        assert repr(manifest.get("schema")) in str(error)


@pytest.mark.parametrize(
    "place",
    [
        "name",
        "version",
        "task",
        "classes",
        "input",
        "variants",
        "golden",
        "input/size",
        "input/layout",
        "input/dtype",
        "input/color",
        "variants/default",
        "variants/int8",
        "variants/int8/file",
        "variants/int8/sha256",
        "variants/int8/bytes",
        "classes/0/id",
        "classes/0/title",
        "classes/0/color",
        "golden/file",
        "golden/sha256",
        "golden/probabilities",
        "golden/tolerance",
    ],
)
def test_a_manifest_that_lacks_a_key_is_damaged(tiny_bundle: Path, edit: Edit, place: str) -> None:
    def forget(manifest: dict[str, Any]) -> None:
        *parents, key = place.split("/")
        inner: Any = manifest
        for parent in parents:
            inner = inner[int(parent) if parent.isdigit() else parent]
        del inner[key]

    edit(tiny_bundle, forget)
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert str(tiny_bundle / "manifest.json") in str(error)
    assert place.split("/")[-1] in str(error)
    assert "copy the bundle again" in str(error)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("input", {"size": 32, "layout": "NCHW", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": 32, "layout": "NHWC", "dtype": "float32", "color": "RGB"}),
        ("input", {"size": 32, "layout": "NHWC", "dtype": "uint8", "color": "BGR"}),
        ("input", {"size": "wide", "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": 32.9, "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": True, "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": 0, "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", None),
        ("training", None),
        ("training", []),
        ("training", {"seed": -1}),
        ("training", {"seed": "7"}),
        ("metrics", [1]),
        ("classes", []),
        ("classes", ["red", "green", "blue"]),
        ("classes", [{"id": "red", "title": "Red", "color": "#f00"}] * 3),
        ("classes", None),
        ("variants", []),
        ("variants", {"default": "int8"}),
        ("variants", {"default": None}),
        ("variants", {"default": "int8", "int8": "model.int8.onnx"}),
        ("golden", None),
        ("golden", {"file": "golden.png", "sha256": "", "probabilities": [], "tolerance": 0}),
        (
            "golden",
            {"file": "g.png", "sha256": "", "probabilities": {"int8": [1, 0, 0]}, "tolerance": 0},
        ),
        (
            "golden",
            {
                "file": "g.png",
                "sha256": "",
                "probabilities": {"int8": {"red": "much"}},
                "tolerance": 0,
            },
        ),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_manifest_with_a_wrong_value_is_damaged(
    tiny_bundle: Path, edit: Edit, place: str, value: Any
) -> None:
    edit(tiny_bundle, lambda manifest: manifest.update({place: value}))
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert "copy the bundle again" in str(error)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nuclei", 0),
        ("nuclei", -1.7),
        ("nuclei", True),
        ("nuclei", "1.7"),
        ("nuclei", float("1e400")),
        ("nuclei", None),
        ("least", 0.0),
        ("least", 1.01),
        ("least", True),
        ("least", [0.5]),
    ],
)
def test_a_framing_out_of_its_range_is_damaged(
    tiny_bundle: Path, edit: Edit, key: str, value: Any
) -> None:
    framing = {"nuclei": 1.7, "least": 0.65, key: value}
    edit(tiny_bundle, lambda manifest: manifest["input"].update(framing=framing))
    file = tiny_bundle / "manifest.json"
    file.write_text(file.read_text().replace("Infinity", "1e400"))  # as JSON can say it
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert f"framing.{key} is" in str(error)


@pytest.mark.parametrize(
    "count", [-1, 0, 1.5, True, "644", None, 10**400], ids=lambda n: str(n)[:9]
)
def test_one_bundle_with_an_impossible_length_hides_no_other(
    tiny_bundle: Path, edit: Edit, count: Any
) -> None:
    make_tiny_bundle(tiny_bundle.parent, "sound")
    edit(tiny_bundle, lambda manifest: manifest["variants"]["int8"].update(bytes=count))
    sound, broken = list_bundles(tiny_bundle.parent)
    assert not isinstance(sound, BundleError)
    assert isinstance(broken, BundleError)
    assert broken.code == "bundle_damaged"


def test_a_size_beyond_all_numbers_is_damaged(tiny_bundle: Path) -> None:
    file = tiny_bundle / "manifest.json"
    file.write_text(file.read_text().replace('"size": 32', '"size": 1e999'))
    assert refusal(tiny_bundle).code == "bundle_damaged"


@pytest.mark.parametrize(
    "name",
    ["../model.onnx", "/etc/passwd", "a/b.onnx", "..", ".", "", "a\0b", "a\nb", "\ud800", 5, None],
    ids=ascii,
)
@pytest.mark.parametrize("place", ["variants", "golden"])
def test_a_file_name_that_could_leave_the_folder_is_refused(
    tiny_bundle: Path, edit: Edit, place: str, name: Any
) -> None:
    def escape(manifest: dict[str, Any]) -> None:
        (manifest["golden"] if place == "golden" else manifest["variants"]["int8"])["file"] = name

    edit(tiny_bundle, escape)
    assert refusal(tiny_bundle).code == "bundle_damaged"


@pytest.fixture(scope="module")
def kept_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bundle(tmp_path_factory.mktemp("kept"))


@settings(max_examples=100)
@given(choices=st.data())
def test_any_value_anywhere_is_read_or_refused(kept_bundle: Path, choices: st.DataObject) -> None:
    file = kept_bundle / "manifest.json"
    sound = file.read_text()
    manifest = json.loads(sound)
    inner: Any = manifest
    while True:
        key = choices.draw(st.sampled_from(list(inner) if isinstance(inner, dict) else [0]))
        deeper = inner[key]
        if not isinstance(deeper, dict | list) or not deeper or choices.draw(st.booleans()):
            break
        inner = deeper
    inner[key] = choices.draw(junk)
    try:
        file.write_text(json.dumps(manifest))
        bundle = read_bundle(kept_bundle)
    except BundleError:
        pass
    else:
        assert bundle.default_variant in bundle.variants
    finally:
        file.write_text(sound)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(name="tiny\x1b[31m"),
        lambda m: m.update(name=".."),
        lambda m: m.update(name="a" * 101),
        lambda m: m.update(version="new"),
        lambda m: m["classes"][0].update(id="=1+1"),
        lambda m: m["classes"][0].update(id=None),
        lambda m: m["classes"][0].update(title="two\nlines"),
        lambda m: m["classes"][0].update(title="\ud800"),
        lambda m: m["classes"][0].update(color="red;"),
        lambda m: m["golden"].update(tolerance=1e9),
        lambda m: m["golden"].update(tolerance=-1),
    ],
)
def test_a_manifest_that_could_deceive_is_refused(
    tiny_bundle: Path, edit: Edit, change: Callable[[dict[str, Any]], None]
) -> None:
    edit(tiny_bundle, change)
    with pytest.raises(BundleError, match="holds a wrong value") as caught:
        read_bundle(tiny_bundle)
    assert str(caught.value).isprintable()
